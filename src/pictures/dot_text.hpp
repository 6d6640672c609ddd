#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dagrad::detail {

/// Escapes a text for an HTML-like label of Graphviz, after shortening it to at most `most` bytes.
/// (Graphviz does not read tokens of more than 16,384 bytes.)
std::string label_text(std::string_view text, std::size_t most);

/// The text in quotes, as a string of Graphviz, after shortening it to at most `most` bytes.
std::string quoted_text(std::string_view text, std::size_t most);

}  // namespace dagrad::detail
