#pragma once

#include <cstddef>
#include <cstdint>

#include "dagrad/eval.hpp"

namespace dagrad {

/// Result 0 is operand 0 summed over the axes of the mask, for floats divided by `divisor`. Bools
/// and ints are summed in int64, float16 and bfloat16 in float32, of which the result is rounded
/// once.
void sum_axes(const EvalContext& c, std::uint32_t axes, std::int64_t divisor = 1);
/// Bytes of scratch memory that it needs.
std::size_t sum_scratch(const PlanContext& plan, std::uint32_t axes);

}  // namespace dagrad
