#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Columns that are found by their names.
namespace dagrad::detail {

/// The position of a name among those of the columns, or `absent_column`.
std::size_t column_position(const std::vector<std::string>& columns, std::string_view name);
constexpr auto absent_column = static_cast<std::size_t>(-1);
/// "there is no column 'x'; the columns are: …"
std::string no_column(const std::vector<std::string>& columns, std::string_view name);

}  // namespace dagrad::detail
