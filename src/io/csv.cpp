#include "dagrad/csv.hpp"

#include <fmt/format.h>

#include <fstream>
#include <numeric>

#include "dagrad/error.hpp"
#include "src/io/column_names.hpp"
#include "src/io/csv_lines.hpp"
#include "src/io/csv_number.hpp"
#include "src/io/file_name.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace {

using detail::absent_column, detail::CsvLines;

// For each column of the file, where its numbers go in a row of the result, or `absent_column`.
std::vector<std::size_t> places(const std::vector<std::string>& columns,
                                const std::vector<std::string>& wanted, const CsvLines& lines) {
  std::vector<std::size_t> places(columns.size(), absent_column);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::size_t at = detail::column_position(columns, wanted[i]);
    if (at == absent_column)
      lines.fail(detail::no_column(columns, wanted[i]) + lines.advice(columns[0]));
    if (places[at] != absent_column)
      throw ArgumentError(fmt::format("read_csv: the options list the column {} twice",
                                      detail::in_quotes(wanted[i])));
    places[at] = i;
  }
  if (wanted.empty()) std::iota(places.begin(), places.end(), std::size_t{0});
  return places;
}

template <class V>
Tensor read_rows(CsvLines& lines, const std::vector<std::string>& columns, DType dtype,
                 const CsvOptions& options) {
  const std::vector<std::size_t> to = places(columns, options.columns, lines);
  const std::size_t wide = options.columns.empty() ? columns.size() : options.columns.size();
  std::vector<V> values;
  std::size_t rows = 0;
  for (std::string_view line; lines.next(line); ++rows) {
    if (lines.ends_with(line)) break;
    const std::vector<std::string> fields = lines.fields(line, columns);
    values.resize(values.size() + wide);
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (to[i] != absent_column)
        values[rows * wide + to[i]] = detail::csv_number<V>({fields[i], columns, i, lines}, dtype,
                                                            {options.finite, options.missing});
  }
  return Tensor({static_cast<std::int64_t>(rows), static_cast<std::int64_t>(wide)}, values)
      .cast(dtype);
}

}  // namespace

Csv read_csv(std::istream& in, DType dtype, const CsvOptions& options, const std::string& name) {
  detail::CsvLines lines(in, {"read_csv", name, "CsvOptions"}, options.separator);
  Csv csv{.columns = lines.read_names(), .values = {}, .source = name};
  const auto read = !is_float(dtype) ? read_rows<std::int64_t>
                    : dtype == f32   ? read_rows<float>
                                     : read_rows<double>;
  csv.values = read(lines, csv.columns, dtype, options);
  if (!options.columns.empty()) csv.columns = options.columns;
  return csv;
}

Csv read_csv(const std::filesystem::path& file, DType dtype, const CsvOptions& options) {
  std::ifstream in = detail::open_to_read(file, "read_csv");
  return read_csv(in, dtype, options, detail::file_name(file, "read_csv"));
}

namespace {

std::int64_t position(const Csv& table, std::string_view name) {
  const std::size_t at = detail::column_position(table.columns, name);
  if (at == absent_column)
    throw ArgumentError((table.source.empty() ? "" : table.source + ": ") +
                        detail::no_column(table.columns, name));
  return static_cast<std::int64_t>(at);
}

}  // namespace

Tensor Csv::column(std::string_view name) const { return values[{Range{}, position(*this, name)}]; }

Tensor Csv::select(const std::vector<std::string>& names) const {
  const std::int64_t rows = values.shape()[0], wide = values.shape()[1];
  const auto narrow = static_cast<std::int64_t>(names.size());
  Tensor selected({values.dtype(), {rows, narrow}});
  std::vector<std::int64_t> from;
  for (const std::string& name : names) from.push_back(position(*this, name));
  dispatch_width(values.dtype(), [&]<class Bits>(std::type_identity<Bits>) {
    const auto* const row = static_cast<const Bits*>(values.data());
    auto* to = static_cast<Bits*>(selected.mutable_view().data);
    for (std::int64_t i = 0; i < rows; ++i)
      for (const std::int64_t column : from) *to++ = row[i * wide + column];
  });
  return selected;
}

}  // namespace dagrad
