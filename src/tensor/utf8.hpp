#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dagrad::detail {

/// A character of UTF-8 and the bytes that it takes. A byte that is no part of one counts alone.
struct Character {
  static constexpr char32_t invalid = 0xffffffff;
  char32_t code = invalid;
  std::size_t bytes = 1;
};
/// The character that begins at a byte of the text.
Character character_at(std::string_view text, std::size_t at);

/// Offset of the first byte that is not UTF-8, or npos.
std::size_t invalid_utf8(std::string_view text);

/// Whether it is one of ASCII's control characters.
constexpr bool is_control(char32_t code) { return code < 0x20 || code == 0x7f; }

/// A text of more than `most` bytes with its middle cut out, at the ends of characters.
std::string shortened(std::string_view text, std::size_t most);

/// A text from outside for a message: with \x1b and the like in the place of control characters,
/// but for line breaks and tabs, and of bytes that are not UTF-8. Of a long one no more than some
/// 200 bytes.
std::string printable(std::string_view text);
/// The same on one line and in single quotes, of the first 4,096 bytes: text of a file, which may
/// hold what a message must not, such as a NUL that would end it.
std::string in_quotes(std::string_view text);
/// The same for a dump: all of it, with \n and \t where the line breaks and tabs are.
std::string printable_line(std::string_view text);

}  // namespace dagrad::detail
