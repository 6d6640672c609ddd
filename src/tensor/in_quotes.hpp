#pragma once

#include <string>
#include <string_view>

namespace dagrad::detail {

/// Text of the user or of a file for the text of an error: in single quotes, with control
/// characters and bytes that are not UTF-8 as escapes, so that a NUL does not end the error's text.
/// Shows the first 4,096 bytes.
std::string in_quotes(std::string_view text);

/// How many bytes the UTF-8 character takes that `text` starts with; 0 where it starts with none.
std::size_t utf8_length(std::string_view text);

}  // namespace dagrad::detail
