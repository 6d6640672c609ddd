#pragma once

#include <cstddef>
#include <cstdint>

#include "dagrad/eval.hpp"

/// How the lines of a tensor along an axis are sorted.
namespace dagrad {

/// Bytes that `sort_lines` works with.
std::size_t sorting_scratch(const PlanContext& plan, std::int64_t axis);

/// Of each line of operand 0 along an axis the first elements in stable order, as many as result 0
/// has, into that; their positions into result 1. NaN counts as the largest, zeros are equal.
void sort_lines(const EvalContext& c, std::int64_t axis, bool descending);

/// Rough cost in nanoseconds.
double sorting_cost(const PlanContext& plan);

}  // namespace dagrad
