#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dagrad::detail {

/// A character of UTF-8 and its length in bytes. A byte that is not part of a character counts as
/// one on its own.
struct Character {
  static constexpr char32_t invalid = 0xffffffff;
  char32_t code = invalid;
  std::size_t bytes = 1;
};
/// The character that begins at a byte of the text.
Character character_at(std::string_view text, std::size_t at);

/// Offset of the first byte that is not UTF-8, or npos.
std::size_t invalid_utf8(std::string_view text);

/// Whether it is an ASCII control character.
constexpr bool is_control(char32_t code) { return code < 0x20 || code == 0x7f; }

/// The text; if it has more than `most` bytes, its middle is cut out at character boundaries.
std::string shortened(std::string_view text, std::size_t most);

/// Makes a text safe for messages: control characters other than line breaks and tabs, and bytes
/// that are not UTF-8, become escapes such as \x1b. Long texts are shortened to about 200 bytes.
std::string printable(std::string_view text);
/// The same on one line and in single quotes, for the first 4,096 bytes. For text from files, which
/// may contain anything, such as a NUL that would end the message.
std::string in_quotes(std::string_view text);
/// The same for listings: the whole text, with \n and \t for line breaks and tabs.
std::string printable_line(std::string_view text);

}  // namespace dagrad::detail
