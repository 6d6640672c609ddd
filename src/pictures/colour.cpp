#include "src/pictures/colour.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace dagrad::detail {

bool is_colour(std::string_view text) {
  return text.size() == 7 && text[0] == '#' &&
         text.find_first_not_of("0123456789abcdefABCDEF", 1) == text.npos;
}

std::string colour_on(const std::vector<std::string>& scale, double place) {
  const double at = place * static_cast<double>(scale.size() - 1);
  const auto first = std::min(static_cast<std::size_t>(at), scale.size() - 1);
  const std::size_t second = std::min(first + 1, scale.size() - 1);
  const double part = at - static_cast<double>(first);
  std::string made = "#";
  for (std::size_t digit = 1; digit < 7; digit += 2) {
    const auto channel = [&](const std::string& colour) {
      return static_cast<double>(std::stoi(colour.substr(digit, 2), nullptr, 16));
    };
    const double a = channel(scale[first]), b = channel(scale[second]);
    made += fmt::format("{:02x}", static_cast<int>(std::lround(a + part * (b - a))));
  }
  return made;
}

}  // namespace dagrad::detail
