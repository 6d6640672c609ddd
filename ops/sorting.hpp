#pragma once

#include <cstddef>
#include <cstdint>

#include "dagrad/eval.hpp"

/// How the lines of a tensor along an axis are sorted.
namespace dagrad {

/// The bytes of memory that `sort_lines` works in.
std::size_t sorting_scratch(const PlanContext& plan, std::int64_t axis);

/// For each line of operand 0 along an axis, writes the first elements in stable order to result 0,
/// as many as that has, and their positions to result 1. NaN counts as the largest, and -0 equals
/// 0.
void sort_lines(const EvalContext& c, std::int64_t axis, bool descending);

/// The rough cost in nanoseconds.
double sorting_cost(const PlanContext& plan, std::int64_t axis);

}  // namespace dagrad
