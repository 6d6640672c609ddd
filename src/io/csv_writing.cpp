#include <fmt/format.h>

#include <array>
#include <charconv>
#include <ostream>
#include <unordered_set>

#include "dagrad/csv.hpp"
#include "dagrad/error.hpp"
#include "src/io/file_replacement.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace {

// One column of a table: elements of `values`, which are int64, float32 or float64.
struct Column {
  std::string_view name;
  Tensor values;
  std::int64_t first, step;

  void append(std::string& line, std::int64_t row) const {
    const auto at = static_cast<std::size_t>(first + row * step);
    std::array<char, 32> text;  // the longest double has 24 characters
    const auto print = [&](auto number) {
      line.append(text.data(), std::to_chars(text.begin(), text.end(), number).ptr);
    };
    switch (values.dtype()) {
      case f64:
        print(values.values<double>()[at]);
        break;
      case f32:
        print(values.values<float>()[at]);
        break;
      default:
        print(values.values<std::int64_t>()[at]);
    }
  }
};

struct Table {
  std::vector<Column> columns;
  std::int64_t rows = 0;
};

// The same numbers in a dtype that can be printed.
Tensor printable(const Tensor& x) {
  return x.dtype() == f64 ? x : x.cast(is_float(x.dtype()) ? f32 : i64);
}

void check_names(const std::vector<Column>& columns) {
  if (columns.empty()) throw ArgumentError("write_csv: needs at least one column");
  std::unordered_set<std::string_view> names;
  for (const Column& column : columns) {
    if (column.name.empty()) throw ArgumentError("write_csv: the name of a column is empty");
    if (column.name.find_first_of(std::string_view("\n\r\0", 3)) != std::string_view::npos)
      throw ArgumentError(
          fmt::format("write_csv: the name {} contains a line break or a NUL byte, which a header "
                      "line cannot hold",
                      detail::in_quotes(column.name)));
    if (!names.insert(column.name).second)
      throw ArgumentError(
          fmt::format("write_csv: the name {} occurs twice", detail::in_quotes(column.name)));
  }
}

Table table_of(const Csv& table) {
  const Tensor values = printable(table.values);
  const auto wide = static_cast<std::int64_t>(table.columns.size());
  if (values.rank() != 2 || values.shape()[1] != wide)
    throw ShapeError(
        fmt::format("write_csv: expected values of shape [rows,{}], with a column for "
                    "each name, got {}",
                    wide, to_string(values.shape())));
  std::vector<Column> columns;
  for (const std::string& name : table.columns)
    columns.push_back({name, values, static_cast<std::int64_t>(columns.size()), wide});
  check_names(columns);
  return {std::move(columns), values.shape()[0]};
}

Table table_of(const CsvColumns& named) {
  std::vector<Column> columns;
  for (const auto& [name, tensor] : named) {
    if (tensor.rank() != 1 || tensor.size() != named[0].second.size())
      throw ShapeError(fmt::format(
          "write_csv: every column must have the shape [rows] and as many rows as the first, which "
          "is {}; the column {} is {}",
          to_string(named[0].second.shape()), detail::in_quotes(name), to_string(tensor.shape())));
    columns.push_back({name, printable(tensor), 0, 1});
  }
  check_names(columns);
  return {std::move(columns), named[0].second.size()};
}

// In quotes if it would be read as something else without them.
std::string field(std::string_view name) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  if (name.find_first_of(",\"") == std::string_view::npos && !blank(name.front()) &&
      !blank(name.back()))
    return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

// Hands the table to `write`, line by line.
template <class Write>
void write_lines(const Table& table, const Write& write) {
  std::string line;
  for (const Column& column : table.columns) line += (line.empty() ? "" : ",") + field(column.name);
  write(line += '\n');
  for (std::int64_t row = 0; row < table.rows; ++row) {
    line.clear();
    for (const Column& column : table.columns) {
      if (!line.empty()) line += ',';
      column.append(line, row);
    }
    write(line += '\n');
  }
}

void write(std::ostream& out, const Table& table) {
  write_lines(table, [&](const std::string& line) { out << line; });
  if (!out.flush()) throw FileError("write_csv: the table could not be written to the stream");
}

void write(const std::filesystem::path& file, const Table& table) {
  detail::FileReplacement replacement(file, "write_csv");
  write_lines(table, [&](const std::string& line) { replacement.write(line); });
  replacement.commit();
}

}  // namespace

void write_csv(const std::filesystem::path& file, const Csv& table) {
  write(file, table_of(table));
}
void write_csv(std::ostream& out, const Csv& table) { write(out, table_of(table)); }
void write_csv(const std::filesystem::path& file, const CsvColumns& columns) {
  write(file, table_of(columns));
}
void write_csv(std::ostream& out, const CsvColumns& columns) { write(out, table_of(columns)); }

}  // namespace dagrad
