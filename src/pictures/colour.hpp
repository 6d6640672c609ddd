#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dagrad::detail {

/// Whether the text is '#' and six hexadecimal digits.
bool is_colour(std::string_view text);
/// The colour at a place from 0 to 1 on a scale of at least one colour, which are equally far
/// apart.
std::string colour_on(const std::vector<std::string>& scale, double place);

}  // namespace dagrad::detail
