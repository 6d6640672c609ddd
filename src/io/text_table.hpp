#pragma once

#include <string>
#include <vector>

namespace dagrad::detail {

/// Lines of cells as text: the first column is aligned on the left, all others on the right, with
/// two blanks between them. Names are printed on one line, without control characters.
std::string text_table(const std::vector<std::vector<std::string>>& lines);

}  // namespace dagrad::detail
