#include "dagrad/train/history.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dagrad/csv.hpp"
#include "src/graph/told_at.hpp"
#include "src/tensor/list_text.hpp"
#include "src/tensor/utf8.hpp"
#include "src/train/gnuplot.hpp"

namespace dagrad {

namespace {

constexpr std::string_view epoch_column = "epoch";

void check_history_columns(const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) throw ArgumentError("History: the name of a column is empty");
    if (names[i] == epoch_column)
      throw ArgumentError("History: no column can have the name 'epoch', which numbers the rows");
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i))
      throw ArgumentError(
          fmt::format("History: two columns have the name {}", detail::in_quotes(names[i])));
  }
}

/// 1, 2, …: the numbers of the epochs.
template <class T>
std::vector<T> epoch_numbers(const History& history) {
  std::vector<T> numbers;
  for (std::int64_t i = 1; i <= history.epochs(); ++i) numbers.push_back(static_cast<T>(i));
  return numbers;
}

}  // namespace

History::History(std::vector<std::string> columns, Location where) : names_(std::move(columns)) {
  detail::told_at(where, [&] { check_history_columns(names_); });
  columns_.resize(names_.size());
}

bool History::has(std::string_view column) const {
  return std::find(names_.begin(), names_.end(), column) != names_.end();
}

const std::vector<double>& History::operator[](const ColumnName& column) const {
  return detail::told_at(column.where(), [&]() -> const std::vector<double>& {
    const auto found = std::find(names_.begin(), names_.end(), column.text());
    if (found == names_.end())
      throw ArgumentError(fmt::format("the history has no column {}; its columns are: {}",
                                      detail::in_quotes(column.text()), detail::list_text(names_)));
    return columns_[static_cast<std::size_t>(found - names_.begin())];
  });
}

void History::append(std::span<const double> row, Location where) {
  detail::told_at(where, [&] {
    if (row.size() != names_.size())
      throw ArgumentError(
          fmt::format("History::append: expected {} numbers, for the columns {}, "
                      "got {}",
                      names_.size(), detail::list_text(names_), row.size()));
  });
  for (std::size_t i = 0; i < row.size(); ++i) columns_[i].push_back(row[i]);
  ++epochs_;
}

void write_csv(const std::filesystem::path& file, const History& history) {
  const Shape rows{history.epochs()};
  CsvColumns table{{std::string(epoch_column), Tensor(rows, epoch_numbers<std::int64_t>(history))}};
  for (const std::string& name : history.columns())
    table.emplace_back(name, Tensor(rows, history[name]));
  write_csv(file, table);
}

void draw(const std::filesystem::path& file, const History& history, const HistoryPlot& options,
          Location where) {
  std::vector<std::string> names = options.columns;
  if (names.empty())
    for (const char* const name : {"loss", "validation"})
      if (history.has(name)) names.emplace_back(name);
  std::vector<detail::Curve> curves;
  for (const std::string& name : names)
    curves.push_back({name, epoch_numbers<double>(history), history[{name, where}]});
  detail::told_at(where, [&] {
    detail::draw_curves({.file = file, .function = "draw"},
                        {options.title, std::string(epoch_column), options.y}, curves,
                        {.log_y = options.log_scale, .from_zero = true});
  });
}

}  // namespace dagrad
