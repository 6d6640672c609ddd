#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "dagrad/dtype.hpp"

namespace dagrad {

/// A narrow float as the float that it is; any other element as it is.
template <Element T>
constexpr auto widen(T value) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
    return static_cast<float>(value);
  else
    return value;
}

/// One element in another dtype: float → int truncates and saturates, NaN → 0; to a float rounds
/// once; to bool: not equal to 0; int to a smaller int wraps.
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
