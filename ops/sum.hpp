#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dagrad/eval.hpp"

namespace dagrad {

/// Sets result 0 to operand 0 summed over the axes of the mask, and for floats divided by
/// `divisor`. Bools and ints are summed in int64; float16 and bfloat16 are summed in float32, and
/// the result is rounded once.
void sum_axes(const EvalContext& c, std::uint32_t axes, std::int64_t divisor = 1);
/// The bytes of scratch memory that this needs.
std::size_t sum_scratch(const PlanContext& plan, std::uint32_t axes);

/// Bit i is set if `like` was repeated along axis i to become `x`.
std::uint32_t repeated_axes(const Shape& x, const Shape& like);

/// Makes means of sums.
template <class T>
void divide_all(std::span<T> sums, std::int64_t divisor) {
  if (divisor == 1) return;
  for (T& element : sums) element /= static_cast<T>(divisor);
}

}  // namespace dagrad
