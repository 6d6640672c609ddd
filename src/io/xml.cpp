#include "src/io/xml.hpp"

#include <algorithm>

#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

/// The replacement for a character that XML does not allow; empty if it is allowed.
std::string instead_of(char32_t code) {
  if (code == '\t' || code == '\r') return " ";
  if (code == 0x7f) return "\xe2\x90\xa1";  // U+2421, the symbol for DELETE
  if (is_control(code) && code != '\n')     // U+2400 to U+241F, their symbols
    return std::string("\xe2\x90") + static_cast<char>(0x80 + code);
  if (code == 0xfffe || code == 0xffff || code == Character::invalid)
    return std::string(replacement);
  return {};
}

}  // namespace

std::string xml_characters(std::string_view text) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f; };
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto* const end = std::find_if_not(text.begin() + at, text.end(), is_plain);
    const auto plain = static_cast<std::size_t>(end - text.begin()) - at;
    out += text.substr(at, plain);
    at += plain;
    if (at == text.size()) break;
    const Character c = character_at(text, at);
    const std::string instead = instead_of(c.code);
    out += instead.empty() ? text.substr(at, c.bytes) : std::string_view(instead);
    at += c.bytes;
  }
  return out;
}

std::string xml_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace dagrad::detail
