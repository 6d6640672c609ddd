#pragma once

#include <cstddef>
#include <cstdint>

#include "dagrad/eval.hpp"

namespace dagrad {

/// Result 0 is operand 0 summed over the axes of the mask; bools and ints are summed in int64.
void sum_axes(const EvalContext& c, std::uint32_t axes);
/// Bytes of scratch memory that it needs.
std::size_t sum_scratch(const PlanContext& plan, std::uint32_t axes);

}  // namespace dagrad
