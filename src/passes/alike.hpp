#pragma once

#include "dagrad/value.hpp"

namespace dagrad::detail {

/// Whether two values are the same, or are made alike: by the same op, with the same attributes,
/// from operands that are made alike or are small equal constants. Gives up, and returns false,
/// after some dozens of nodes, so that rules may ask this about every node of a graph.
bool made_alike(const Value& a, const Value& b);

}  // namespace dagrad::detail
