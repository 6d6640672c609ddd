#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "dagrad/convert.hpp"

/// How reductions combine two numbers: `join`, associative up to rounding, with its `identity`.
namespace dagrad {

/// The type in which elements are read and partial results kept: a bool is a byte of 0 or 1, which
/// vectorises.
template <Element T>
using Stored = std::conditional_t<std::is_same_v<T, bool>, std::uint8_t, T>;
/// The type in which sums and products are accumulated.
template <Element T>
using Wide = std::conditional_t<std::is_integral_v<T>, std::int64_t, decltype(widen(T()))>;

template <bool universal>
struct QuantifierFold {
  using Acc = std::uint8_t;
  static constexpr Acc identity = universal;
  static Acc join(Acc a, Acc b) { return universal ? a & b : a | b; }
};

template <class Number>
struct SumFold {
  using Acc = Number;
  using InBytes = SumFold<std::uint8_t>;  ///< the same of bools, as long as it fits
  static constexpr Acc identity = 0;
  [[gnu::always_inline]] static Acc join(Acc a, Acc b) {
    if constexpr (std::is_floating_point_v<Acc>)
      return a + b;
    else
      return static_cast<Acc>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }
};

template <class Number>
struct ProdFold {
  using Acc = Number;
  using InBytes = QuantifierFold<true>;
  static constexpr Acc identity = 1;
  static Acc join(Acc a, Acc b) {
    if constexpr (std::is_floating_point_v<Acc>)
      return a * b;
    else
      return static_cast<Acc>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  }
};

/// Whether `a` is chosen before `b`; NaN is chosen before all numbers.
template <bool largest, class T>
bool wins(T a, T b) {
  const bool further = largest ? a > b : a < b;
  if constexpr (std::is_floating_point_v<T>)
    return further || std::isnan(a);
  else
    return further;
}

template <bool largest, class Number>
struct ExtremumFold {
  using Acc = Number;
  using Limits = std::numeric_limits<Acc>;
  static constexpr Acc lowest = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  static constexpr Acc highest = Limits::has_infinity ? Limits::infinity() : Limits::max();
  static constexpr Acc identity = largest ? lowest : highest;
  static Acc join(Acc a, Acc b) { return wins<largest>(a, b) ? a : b; }
};

/// The power of two that scales `x` close to 1, as far as that power is finite; 1 if x is 0 or not
/// finite.
inline double scale_to_one(double x) {
  if (x == 0 || !std::isfinite(x)) return 1;
  return std::ldexp(1, -std::clamp(std::ilogb(x), -1000, 1000));
}

/// Calls `f(std::type_identity<T>{})` with float or double, for ops that take no other dtype.
template <class F>
void with_float(DType dtype, F&& f) {
  if (dtype == f32)
    f(std::type_identity<float>{});
  else
    f(std::type_identity<double>{});
}

/// The same with the type of an int or a float, for ops that take no bools.
template <class F>
void with_int_or_float(DType dtype, F&& f) {
  dispatch(dtype, [&]<class T>(std::type_identity<T> type) {
    if constexpr (!std::is_same_v<T, bool>) f(type);
  });
}

}  // namespace dagrad
