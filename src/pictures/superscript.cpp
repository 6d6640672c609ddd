#include "src/pictures/superscript.hpp"

#include <array>

namespace dagrad::detail {

std::string superscript(std::size_t number) {
  constexpr std::array digits{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text;
  for (const char c : std::to_string(number)) text += digits[static_cast<std::size_t>(c - '0')];
  return text;
}

}  // namespace dagrad::detail
