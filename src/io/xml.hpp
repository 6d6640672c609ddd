#pragma once

#include <string>
#include <string_view>

namespace dagrad::detail {

/// The text with only characters that XML allows: others are replaced by visible ones.
std::string xml_characters(std::string_view text);
/// The text as it stands between tags or in quotes, where & < > " are entities. Its characters must
/// be allowed.
std::string xml_escaped(std::string_view text);

}  // namespace dagrad::detail
