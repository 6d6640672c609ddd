#pragma once

#include <cstddef>
#include <cstdint>

#include "dagrad/eval.hpp"

/// How the lines of a tensor along an axis are put in order.
namespace dagrad {

/// Bytes that `order_lines` works with.
std::size_t ordering_scratch(const PlanContext& plan, std::int64_t axis);

/// Of each line of operand 0 along an axis the first elements in stable order, as many as result 0
/// has, into that; their positions into result 1. NaN counts as the largest, zeros are equal.
void order_lines(const EvalContext& c, std::int64_t axis, bool descending);

/// Rough cost in nanoseconds.
double ordering_cost(const PlanContext& plan);

}  // namespace dagrad
