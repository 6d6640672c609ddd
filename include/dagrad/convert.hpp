#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "dagrad/dtype.hpp"

namespace dagrad {

/// Converts Float16 and BFloat16 to float, exactly; returns other elements unchanged.
template <Element T>
constexpr auto widen(T value) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
    return static_cast<float>(value);
  else
    return value;
}

/// Converts one element to another dtype. Float to integer: truncates and saturates; NaN becomes 0.
/// To a float: rounds once. To bool: whether the element is not 0. Integer to a smaller integer:
/// wraps around.
template <Element To, Element From>
constexpr To convert(From element) {
  const auto value = widen(element);
  using Widened = std::remove_const_t<decltype(value)>;
  if constexpr (std::is_same_v<To, bool>) {
    return value != Widened(0);
  } else if constexpr (std::is_floating_point_v<Widened> && std::is_integral_v<To>) {
    using Limits = std::numeric_limits<To>;
    constexpr auto low = static_cast<Widened>(Limits::min());
    constexpr auto beyond = 2 * static_cast<Widened>(Limits::max() / 2 + 1);  // both exact
    if (!(value >= low)) return value < low ? Limits::min() : To(0);          // or NaN
    if (value >= beyond) return Limits::max();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace dagrad
