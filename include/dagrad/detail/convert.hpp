#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "dagrad/dtype.hpp"

namespace dagrad::detail {

/// One element in another dtype: float → int truncates and saturates, NaN → 0; to bool: not equal
/// to 0; int64 → int32 wraps.
template <Element To, Element From>
constexpr To convert(From value) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From(0);
  } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
    constexpr auto low =
        static_cast<From>(std::numeric_limits<To>::min());  // a power of two: exact
    if (!(value >= low)) return value < low ? std::numeric_limits<To>::min() : To(0);  // or NaN
    if (value >= -low) return std::numeric_limits<To>::max();
    return static_cast<To>(value);
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace dagrad::detail
