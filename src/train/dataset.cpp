#include "dagrad/train/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <unordered_set>

#include "dagrad/host.hpp"
#include "src/graph/told_at.hpp"
#include "src/io/column_names.hpp"
#include "src/tensor/list_text.hpp"
#include "src/tensor/utf8.hpp"
#include "src/train/first_not_finite.hpp"
#include "src/train/labels.hpp"

namespace dagrad {

namespace {

std::int64_t check_columns(const std::vector<Dataset::Column>& columns) {
  std::unordered_set<std::string_view> names;
  for (const auto& [name, tensor] : columns) {
    if (name.empty()) throw ArgumentError("Dataset: the name of a column is empty");
    if (!names.insert(name).second)
      throw ArgumentError(
          fmt::format("Dataset: two columns have the name {}", detail::in_quotes(name)));
    if (tensor.rank() == 0)
      throw ShapeError(fmt::format(
          "Dataset: the column {} is a scalar ({}); a column needs an axis that counts the rows",
          detail::in_quotes(name), to_string(tensor.type())));
    const auto& [first, of_first] = columns.front();
    if (tensor.shape()[0] != of_first.shape()[0])
      throw ShapeError(fmt::format(
          "Dataset: all columns must have the same number of rows, but {} has {} ({}) and {} has "
          "{} ({})",
          detail::in_quotes(first), of_first.shape()[0], to_string(of_first.type()),
          detail::in_quotes(name), tensor.shape()[0], to_string(tensor.type())));
  }
  return columns.empty() ? 0 : columns.front().second.shape()[0];
}

/// int64, after checking that they are positions of rows.
Tensor checked_rows(const Tensor& rows, std::int64_t count) {
  if (is_float(rows.dtype()) || rows.dtype() == b8)
    throw TypeError(fmt::format(
        "Dataset::take: the positions of rows must be integers, got {}{}", to_string(rows.type()),
        rows.dtype() == b8 ? "; a mask of bools is not a list of positions" : ""));
  if (rows.rank() != 1)
    throw ShapeError(fmt::format("Dataset::take: expected a list of rows, of shape [n], got {}",
                                 to_string(rows.type())));
  const Tensor wide = rows.cast(i64);
  for (const std::int64_t row : wide.values<std::int64_t>())
    if (row < 0 || row >= count)
      throw ArgumentError(
          fmt::format("Dataset::take: there is no row {}: the dataset has {} rows, counted from 0",
                      row, count));
  return wide;
}

/// "[2,0]": the position within a row, or nothing if a row is a single number.
std::string place_in_row(const Tensor& column, std::int64_t in_row) {
  std::vector<std::int64_t> place;
  for (int axis = column.rank() - 1; axis > 0; --axis) {
    const std::int64_t size = column.shape()[axis];
    place.insert(place.begin(), in_row % size);
    in_row /= size;
  }
  return place.empty() ? "" : fmt::format(", element [{}]", detail::list_text(place, ","));
}

}  // namespace

Dataset::Dataset(std::vector<Column> columns, Location where) : columns_(std::move(columns)) {
  rows_ = detail::told_at(where, [&] { return check_columns(columns_); });
}

std::vector<std::string> Dataset::names() const {
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.first);
  return names;
}

bool Dataset::has(std::string_view column) const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [&](const Column& c) { return c.first == column; });
}

std::size_t Dataset::position(std::string_view name) const {
  const std::vector<std::string> all = names();
  const std::size_t at = detail::column_position(all, name);
  if (at == detail::absent_column) throw ArgumentError(detail::no_column(all, name));
  return at;
}

const Tensor& Dataset::operator[](const ColumnName& column) const& {
  return detail::told_at(
      column.where(), [&]() -> const Tensor& { return columns_[position(column.text())].second; });
}

Dataset Dataset::take(const Tensor& rows, Location where) const {
  const Tensor checked = detail::told_at(where, [&] { return checked_rows(rows, rows_); });
  Dataset taken = *this;
  taken.rows_ = checked.size();
  for (auto& [name, tensor] : taken.columns_) tensor = dagrad::take(tensor, checked, 0);
  return taken;
}

Dataset Dataset::slice(const Range& range) const {
  Dataset part = *this;
  part.rows_ = positions(range, rows_).count;
  for (auto& [name, tensor] : part.columns_) tensor = tensor[range];
  return part;
}

Dataset Dataset::select(const std::vector<std::string>& names, Location where) const {
  return detail::told_at(where, [&] {
    std::vector<Column> selected;
    for (const std::string& name : names) selected.push_back(columns_[position(name)]);
    return Dataset(std::move(selected), Location{});
  });
}

Dataset Dataset::with(std::string_view name, const Tensor& column, Location where) const {
  std::vector<Column> columns = columns_;
  if (has(name))
    columns[position(name)].second = column;
  else
    columns.emplace_back(name, column);
  return Dataset(std::move(columns), where);
}

Dataset Dataset::without(std::string_view name, Location where) const {
  return detail::told_at(where, [&] {
    std::vector<Column> columns = columns_;
    columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(position(name)));
    return Dataset(std::move(columns), Location{});
  });
}

void Dataset::require_finite(Location where) const {
  detail::told_at(where, [&] {
    for (const auto& [name, tensor] : columns_) {
      const std::int64_t at = detail::first_not_finite(tensor);
      if (at < 0) continue;
      const std::int64_t in_row = tensor.size() / rows_;
      throw ArgumentError(fmt::format("the dataset's column {} is not finite in row {}{}: {}",
                                      detail::in_quotes(name), at / in_row,
                                      place_in_row(tensor, at % in_row), tensor.at(at)));
    }
  });
}

void Dataset::require_labels(const ColumnName& column, std::int64_t classes) const {
  detail::told_at(column.where(), [&] {
    detail::class_numbers(columns_[position(column.text())].second, classes,
                          "the column " + detail::in_quotes(column.text()));
  });
}

std::string to_string(const Dataset& data) {
  std::string text = fmt::format("{} {}", data.rows(), data.rows() == 1 ? "row" : "rows");
  const char* separator = ": ";
  for (const auto& [name, tensor] : data.columns()) {
    const std::vector<std::int64_t> row(tensor.shape().begin() + 1, tensor.shape().end());
    text += fmt::format("{}{} {}", separator, detail::printable_line(name),
                        to_string(Type{tensor.dtype(), Shape(row)}));
    separator = ", ";
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Dataset& data) { return out << to_string(data); }

}  // namespace dagrad
