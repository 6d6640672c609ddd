#include "src/tensor/in_quotes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dagrad::detail {

namespace {

constexpr std::size_t most_shown = 4096;

std::string escaped(unsigned char byte) {
  switch (byte) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\x{:02x}", byte);
  }
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return text.empty() ? 0 : 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second >= 0xA0;
  const bool beyond = first == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  result.reserve(std::min(text.size(), most_shown) + 5);
  std::size_t at = 0;
  while (at < std::min(text.size(), most_shown)) {
    std::size_t plain = at;
    while (plain < std::min(text.size(), most_shown) && text[plain] >= ' ' && text[plain] <= '~')
      ++plain;
    if (plain > at) {
      result += text.substr(at, plain - at);
      at = plain;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(at));
    const std::string_view character = text.substr(at, std::max<std::size_t>(length, 1));
    const bool control =
        length == 2 && character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
    if (length > 1 && !control) {
      result += character;
    } else {
      for (const char byte : character) result += escaped(static_cast<unsigned char>(byte));
    }
    at += character.size();
  }
  return result + (at < text.size() ? "...'" : "'");
}

}  // namespace dagrad::detail
