#pragma once

#include <cstdint>

#include "dagrad/tensor.hpp"

namespace dagrad::detail {

/// Whether none of the elements from `begin` to `end` is an infinity or a NaN; true for integers
/// and bools.
bool all_finite(const View& view, std::int64_t begin, std::int64_t end);

}  // namespace dagrad::detail
