#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dagrad::detail {

/// Any text for an HTML-like label of Graphviz, of no more than `most` bytes before it is escaped.
/// (Graphviz reads no token of more than 16,384.)
std::string label_text(std::string_view text, std::size_t most);

}  // namespace dagrad::detail
