#pragma once

#include <cstdint>

#include "dagrad/convert.hpp"
#include "dagrad/eval.hpp"

/// What ops with their own `eval` need to take float16 and bfloat16: they compute in float and
/// round each result once.
namespace dagrad {

/// Calls `f(std::type_identity<T>{})` with Float16 or BFloat16.
template <class F>
void with_narrow_float(DType dtype, F&& f) {
  if (dtype == f16)
    f(std::type_identity<Float16>{});
  else
    f(std::type_identity<BFloat16>{});
}

/// Converts n elements to another dtype.
template <Element From, Element To>
void convert_all(const Parallel& parallel, const From* from, To* to, std::int64_t n) {
  constexpr std::int64_t grain = 1 << 14;
  parallel.ranges(n, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] = convert<To>(from[i]);
  });
}

}  // namespace dagrad
