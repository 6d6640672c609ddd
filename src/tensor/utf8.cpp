#include "src/tensor/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dagrad::detail {

namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

std::string escape(std::string_view bytes) {
  constexpr std::string_view named = "\n\r\t", letters = "nrt";
  std::string out;
  for (const char byte : bytes) {
    if (const std::size_t i = named.find(byte); i != named.npos)
      out.append({'\\', letters[i]});
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
  }
  return out;
}

std::string escaped(std::string_view text, bool one_line) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    const std::string_view bytes = text.substr(at, c.bytes);
    const bool stays = !one_line && (c.code == '\n' || c.code == '\t');
    const bool latin_control = c.code >= 0x80 && c.code < 0xa0;
    if (stays || (c.code != Character::invalid && !is_control(c.code) && !latin_control))
      out += bytes;
    else
      out += escape(bytes);
    at += c.bytes;
  }
  return out;
}

}  // namespace

Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return unsigned{static_cast<unsigned char>(text[at + i])};
  };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (bytes == 0 || first > 0xf4 || bytes > text.size() - at) return {};
  char32_t code = first & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (!is_continuation(text[at + i])) return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (code < least[bytes] || surrogate || code > 0x10ffff) return {};
  return {code, bytes};
}

std::size_t invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const Character c = character_at(text, at);
    if (c.code == Character::invalid) return at;
    at += c.bytes;
  }
  return std::string_view::npos;
}

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  const auto boundary = [&](std::size_t at) {
    for (int i = 0; i < 3 && at > 0 && is_continuation(text[at]); ++i) --at;
    return at;
  };
  std::string cut(text.substr(0, boundary(most - most / 3)));
  cut += " … ";
  return cut += text.substr(boundary(text.size() - most / 3));
}

std::string printable(std::string_view text) { return escaped(shortened(text, 200), false); }

std::string in_quotes(std::string_view text) {
  constexpr std::size_t most = 4096;
  std::size_t end = 0;
  while (end < std::min(text.size(), most)) end += character_at(text, end).bytes;
  return "'" + escaped(text.substr(0, end), true) + (end < text.size() ? "...'" : "'");
}

std::string printable_line(std::string_view text) { return escaped(text, true); }

}  // namespace dagrad::detail
