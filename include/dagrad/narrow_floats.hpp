#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "dagrad/config.hpp"

/// Floating-point types that C++20 lacks. They can be stored and converted; to compute with them,
/// convert them to float, which is exact.
namespace dagrad {

namespace detail {

/// A float of 16 bits with `fraction_bits` bits of fraction.
template <int fraction_bits>
struct NarrowFormat {
  static constexpr int exponent_bits = 15 - fraction_bits;
  static constexpr int bias = (1 << (exponent_bits - 1)) - 1;
  static constexpr std::uint16_t sign = 0x8000;
  static constexpr std::uint16_t quiet = 1U << (fraction_bits - 1);
  static constexpr std::uint16_t infinity = ((1U << exponent_bits) - 1) << fraction_bits;
};

/// Rounds to the nearest float of the format, ties to even; a NaN stays one and becomes quiet. Uses
/// integer arithmetic, so that it does not depend on the thread's rounding mode.
template <int fraction_bits, std::floating_point From>
constexpr std::uint16_t narrowed(From value) {
  using To = NarrowFormat<fraction_bits>;
  using Bits = std::conditional_t<sizeof(From) == 4, std::uint32_t, std::uint64_t>;
  constexpr int stored = std::numeric_limits<From>::digits - 1;  // bits of the fraction
  constexpr int bias = std::numeric_limits<From>::max_exponent - 1;
  constexpr int width = 8 * sizeof(From);
  const auto bits = std::bit_cast<Bits>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> (width - 16) & To::sign);
  const Bits magnitude = bits << 1 >> 1, fraction = magnitude & ((Bits{1} << stored) - 1);
  const int field = static_cast<int>(magnitude >> stored);
  if (field > 2 * bias)
    return static_cast<std::uint16_t>(
        sign | To::infinity |
        (fraction == 0 ? 0 : To::quiet | static_cast<int>(fraction >> (stored - fraction_bits))));
  const int exponent = (field == 0 ? 1 : field) - bias, least = 1 - To::bias;
  if (exponent > To::bias) return sign | To::infinity;
  const int shift = stored - fraction_bits + (exponent < least ? least - exponent : 0);
  if (shift > stored + 1) return sign;  // less than half of the smallest number
  const Bits significand = fraction | (field == 0 ? Bits{0} : Bits{1} << stored);
  const Bits half = Bits{1} << (shift - 1), odd = significand >> shift & 1;
  const Bits rounded = (significand + half - 1 + odd) >> shift;
  // The hidden bit adds one to the exponent; a carry moves on to the next exponent and, at the end
  // of the range, to infinity.
  const int below = exponent < least ? 0 : exponent - least;
  return static_cast<std::uint16_t>(sign | (static_cast<Bits>(below << fraction_bits) + rounded));
}

/// Converts to float, exactly. A NaN becomes quiet, except for bfloat16, whose bits are copied.
template <int fraction_bits>
constexpr float widened(std::uint16_t bits) {
  using From = NarrowFormat<fraction_bits>;
  constexpr int stored = std::numeric_limits<float>::digits - 1, more = stored - fraction_bits;
  constexpr int bias = std::numeric_limits<float>::max_exponent - 1;
  if constexpr (bias == From::bias) return std::bit_cast<float>(std::uint32_t{bits} << more);
  const std::uint32_t sign = std::uint32_t{bits} << 16 & 0x80000000U;
  const std::uint32_t magnitude = bits & 0x7fffU;
  std::uint32_t wide = (magnitude << more) + (std::uint32_t{bias - From::bias} << stored);
  if (magnitude >= From::infinity) {
    wide |= 0x7f800000U;
    if (magnitude > From::infinity) wide |= std::uint32_t{From::quiet} << more;
  } else if (magnitude < 1U << fraction_bits) {  // zero or subnormal
    constexpr float least = 0x1p-24F;
    wide = std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * least);
  }
  return std::bit_cast<float>(sign | wide);
}

/// A double that rounds to the same 16-bit float as `value`: bits that do not fit are replaced by
/// one sticky bit.
constexpr double for_rounding(std::int64_t value) {
  const auto exact = std::int64_t{1} << 53;
  if (value > -exact && value < exact) return static_cast<double>(value);
  constexpr std::int64_t rest = (1 << 11) - 1;
  return static_cast<double>((value & ~rest) | ((value & rest) != 0 ? rest + 1 : 0));
}

template <int fraction_bits>
struct NarrowFloat {
  constexpr NarrowFloat() = default;
  /// Rounds once, to nearest, ties to even.
  template <class T>
  requires std::is_arithmetic_v<T>
  explicit constexpr NarrowFloat(T value) {
    if constexpr (std::is_integral_v<T>)
      bits = narrowed<fraction_bits>(for_rounding(static_cast<std::int64_t>(value)));
    else
      bits = narrowed<fraction_bits>(value);
  }
  static constexpr NarrowFloat from_bits(std::uint16_t bits) {
    NarrowFloat value{};
    value.bits = bits;
    return value;
  }
  /// Exact.
  constexpr operator float() const { return widened<fraction_bits>(bits); }

  std::uint16_t bits;  ///< indeterminate until assigned, like a float
};

}  // namespace detail

/// IEEE 754 binary16, with 5 bits of exponent and 10 of fraction.
using Float16 = detail::NarrowFloat<10>;
/// The upper half of a float, with 8 bits of exponent and 7 of fraction.
using BFloat16 = detail::NarrowFloat<7>;

}  // namespace dagrad
