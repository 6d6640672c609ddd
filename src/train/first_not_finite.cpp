#include "src/train/first_not_finite.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

namespace dagrad::detail {

namespace {

/// Reads all of the numbers without a branch for each, so that the compiler can use vectors. In
/// infinities and NaN all bits of the exponent are set.
template <class Bits, class T>
bool all_finite(std::span<const T> numbers) {
  constexpr auto exponent = std::bit_cast<Bits>(std::numeric_limits<T>::infinity());
  Bits found = 0;
  for (const T number : numbers)
    found |= static_cast<Bits>((std::bit_cast<Bits>(number) & exponent) == exponent);
  return found == 0;
}

template <class Bits, class T>
std::int64_t find_not_finite(std::span<const T> numbers) {
  constexpr std::size_t block = 4096;
  for (std::size_t at = 0; at < numbers.size(); at += block) {
    const auto some = numbers.subspan(at, std::min(block, numbers.size() - at));
    if (all_finite<Bits>(some)) continue;
    const auto found =
        std::find_if_not(some.begin(), some.end(), [](T v) { return std::isfinite(v); });
    return static_cast<std::int64_t>(at) + (found - some.begin());
  }
  return -1;
}

}  // namespace

std::int64_t first_not_finite(const Tensor& x) {
  if (!is_float(x.dtype())) return -1;
  if (x.dtype() == f64) return find_not_finite<std::uint64_t>(x.values<double>());
  const Tensor numbers = x.cast(f32);  // exact for every smaller float
  return find_not_finite<std::uint32_t>(numbers.values<float>());
}

}  // namespace dagrad::detail
