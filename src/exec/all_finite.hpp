#pragma once

#include "dagrad/eval.hpp"

namespace dagrad::detail {

/// Whether no element is an infinity or a NaN; true for integers and bools.
bool all_finite(const View& view, const Parallel& parallel);

}  // namespace dagrad::detail
