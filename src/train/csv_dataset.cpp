#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <numeric>
#include <variant>

#include "dagrad/train/dataset_files.hpp"
#include "src/io/column_names.hpp"
#include "src/io/csv_lines.hpp"
#include "src/io/csv_number.hpp"
#include "src/io/file_name.hpp"
#include "src/tensor/list_text.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace {

using detail::CsvLines, detail::in_quotes;

[[noreturn]] void refuse_column(const DatasetColumn& column, std::string_view what) {
  throw ArgumentError(
      fmt::format("read_csv_dataset: the column {} {}", in_quotes(column.name), what));
}

void require_consistent(const std::vector<DatasetColumn>& columns) {
  if (columns.empty()) throw ArgumentError("read_csv_dataset: the list of columns is empty");
  for (const DatasetColumn& column : columns) {
    if (column.name.empty()) throw ArgumentError("read_csv_dataset: the name of a column is empty");
    if (!column.through.empty() && column.from.size() != 1)
      refuse_column(column, fmt::format("has `through`, so `from` must have one name, got {}",
                                        column.from.size()));
    if (!column.categories.empty() && is_float(column.dtype))
      refuse_column(column, fmt::format("has categories, so its dtype must be one of integers, got "
                                        "{}",
                                        name(column.dtype)));
  }
}

/// Reads the fields of a column of the dataset row by row.
class ColumnReader {
 public:
  ColumnReader(const DatasetColumn& column, const std::vector<std::string>& file_columns,
               const CsvLines& lines)
      : column_(column) {
    if (column.from.empty())
      at_ = {position(column.name, file_columns, lines)};
    else if (column.through.empty())
      for (const std::string& name : column.from)
        at_.push_back(position(name, file_columns, lines));
    else
      take_range(file_columns, lines);
    if (!is_float(column.dtype))
      values_ = std::vector<std::int64_t>();
    else if (column.dtype == f32)
      values_ = std::vector<float>();
    else
      values_ = std::vector<double>();
  }

  void read(const std::vector<std::string>& fields, const std::vector<std::string>& file_columns,
            const CsvLines& lines, const detail::CsvRules& rules) {
    std::visit(
        [&]<class V>(std::vector<V>& values) {
          for (const std::size_t at : at_) {
            const detail::CsvCell cell{fields[at], file_columns, at, lines};
            if constexpr (std::is_integral_v<V>)
              if (!column_.categories.empty()) {
                values.push_back(category(cell));
                continue;
              }
            values.push_back(detail::csv_number<V>(cell, column_.dtype, rules));
          }
        },
        values_);
  }

  Tensor tensor(std::int64_t rows) const {
    const Shape shape =
        column_.from.empty() ? Shape{rows} : Shape{rows, static_cast<std::int64_t>(at_.size())};
    return std::visit([&](const auto& values) { return Tensor(shape, values).cast(column_.dtype); },
                      values_);
  }

 private:
  static std::size_t position(const std::string& name, const std::vector<std::string>& file_columns,
                              const CsvLines& lines) {
    const std::size_t at = detail::column_position(file_columns, name);
    if (at == detail::absent_column)
      lines.fail(detail::no_column(file_columns, name) + lines.advice(file_columns[0]));
    return at;
  }

  void take_range(const std::vector<std::string>& file_columns, const CsvLines& lines) {
    const std::size_t first = position(column_.from[0], file_columns, lines);
    const std::size_t last = position(column_.through, file_columns, lines);
    if (last < first)
      lines.fail(fmt::format("the column {}, through which columns are taken, comes before {}",
                             in_quotes(column_.through), in_quotes(column_.from[0])));
    at_.resize(last - first + 1);
    std::iota(at_.begin(), at_.end(), first);
  }

  std::int64_t category(const detail::CsvCell& cell) const {
    const auto& all = column_.categories;
    const auto found = std::find(all.begin(), all.end(), cell.field);
    if (found == all.end())
      cell.fail(fmt::format("is none of the categories: {}", detail::list_text(all)));
    return found - all.begin();
  }

  const DatasetColumn& column_;
  std::vector<std::size_t> at_;  ///< the columns of the file
  std::variant<std::vector<std::int64_t>, std::vector<float>, std::vector<double>> values_;
};

}  // namespace

Dataset read_csv_dataset(std::istream& in, const std::vector<DatasetColumn>& columns,
                         const CsvDatasetOptions& options, const std::string& name) {
  require_consistent(columns);
  CsvLines lines(in, {"read_csv_dataset", name, "CsvDatasetOptions"}, options.separator);
  const std::vector<std::string> file_columns = lines.read_names();
  std::vector<ColumnReader> readers;
  for (const DatasetColumn& column : columns) readers.emplace_back(column, file_columns, lines);
  std::int64_t rows = 0;
  for (std::string_view line; lines.next(line); ++rows) {
    if (lines.ends_with(line)) break;
    const std::vector<std::string> fields = lines.fields(line, file_columns);
    for (ColumnReader& reader : readers)
      reader.read(fields, file_columns, lines, {options.finite, options.missing});
  }
  std::vector<Dataset::Column> read;
  for (std::size_t i = 0; i < columns.size(); ++i)
    read.emplace_back(columns[i].name, readers[i].tensor(rows));
  return Dataset(std::move(read), Location{});
}

Dataset read_csv_dataset(const std::filesystem::path& file,
                         const std::vector<DatasetColumn>& columns,
                         const CsvDatasetOptions& options) {
  std::ifstream in = detail::open_to_read(file, "read_csv_dataset");
  return read_csv_dataset(in, columns, options, detail::file_name(file, "read_csv_dataset"));
}

}  // namespace dagrad
