#include "src/io/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace dagrad::detail {

std::string with_unit(double number, std::string_view unit) {
  constexpr std::array prefixes{"n", "µ", "m", "", "k", "M", "G", "T", "P"};
  constexpr int none = 3;  // the position of the empty prefix
  if (number == 0 || !std::isfinite(number)) return fmt::format("{:.3g} {}", number, unit);
  const double rounded = number * 1.0005;  // 999.6 is written as 1 with the next prefix
  const int at = static_cast<int>(std::floor(std::log10(std::abs(rounded)) / 3)) + none;
  const int prefix = std::clamp(at, 0, static_cast<int>(prefixes.size()) - 1);
  return fmt::format("{:.3g} {}{}", number / std::pow(1000.0, prefix - none),
                     prefixes[static_cast<std::size_t>(prefix)], unit);
}

std::string percent(double share) { return fmt::format("{:.1f} %", share * 100); }

}  // namespace dagrad::detail
