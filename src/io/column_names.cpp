#include "src/io/column_names.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

std::size_t column_position(const std::vector<std::string>& columns, std::string_view name) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  return found != columns.end() ? static_cast<std::size_t>(found - columns.begin()) : absent_column;
}

std::string no_column(const std::vector<std::string>& columns, std::string_view name) {
  if (columns.empty()) return fmt::format("there is no column {}, nor any other", in_quotes(name));
  std::string text = fmt::format("there is no column {}; the columns are: ", in_quotes(name));
  for (std::size_t i = 0; i < columns.size(); ++i)
    text += (i == 0 ? "" : ", ") + printable_line(columns[i]);
  return text;
}

}  // namespace dagrad::detail
