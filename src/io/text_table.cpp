#include "src/io/text_table.hpp"

#include <algorithm>

#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += character_at(text, at).bytes) ++count;
  return count;
}

}  // namespace

std::string text_table(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths;
  for (const auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], characters(printable_line(line[i])));
  }
  std::string text;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string cell = printable_line(line[i]), blanks(widths[i] - characters(cell), ' ');
      text += i == 0 ? cell + blanks : "  " + blanks + cell;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

}  // namespace dagrad::detail
