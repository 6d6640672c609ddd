#include "dagrad/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>

#include "dagrad/error.hpp"

namespace dagrad {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Where in the file reading is.
struct Place {
  const std::string& name;
  std::size_t line = 0;

  [[noreturn]] void fail(const std::string& what) const {
    throw FileError(fmt::format("read_csv: {}: line {}: {}", name, line, what));
  }
  [[noreturn]] void fail(std::size_t column, const std::string& what) const {
    fail(fmt::format("column {}: {}", column, what));
  }
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// A field in quotes from the front of `rest`, where a quote is doubled.
std::string take_quoted(std::string_view& rest, std::size_t column, const Place& place) {
  std::string field;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] != '"') {
      field += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
      field += rest[i++];
    } else {
      rest = trimmed(rest.substr(i + 1));
      if (!rest.empty() && rest[0] != ',') place.fail(column, "expected a comma after the quotes");
      return field;
    }
  }
  place.fail(column, "the quotes do not end");
}

std::vector<std::string> split(std::string_view line, const Place& place) {
  std::vector<std::string> fields;
  for (std::string_view rest = trimmed(line);;) {
    if (!rest.empty() && rest[0] == '"') {
      fields.push_back(take_quoted(rest, fields.size() + 1, place));
    } else {
      const std::size_t end = std::min(rest.find(','), rest.size());
      fields.emplace_back(trimmed(rest.substr(0, end)));
      rest.remove_prefix(end);
    }
    if (rest.empty()) return fields;
    rest = trimmed(rest.substr(1));
  }
}

bool next_line(std::istream& in, std::string& line, Place& place) {
  if (!std::getline(in, line)) return false;
  ++place.line;
  return true;
}

template <class T>
T number(const std::string& field, std::size_t column, const Place& place) {
  const char* const end = field.data() + field.size();
  const char* const begin = field.data() + (field.size() > 1 && field[0] == '+' && field[1] != '-');
  const auto parse = [&](auto& value) {
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc::invalid_argument || stop != end) {
      place.fail(column,
                 fmt::format("'{}' is no {}", field, std::is_integral_v<T> ? "integer" : "number"));
    }
    return error != std::errc::result_out_of_range;
  };
  bool fits = false;
  T result{};
  if constexpr (std::is_integral_v<T>) {
    std::int64_t value = 0;
    fits = parse(value) && value >= std::int64_t{std::numeric_limits<T>::min()} &&
           value <= std::int64_t{std::numeric_limits<T>::max()};
    result = static_cast<T>(value);
  } else if (fits = parse(result); !fits) {  // too small is 0, too large is a mistake
    long double value = 0;
    fits = parse(value) && value > -1 && value < 1;
    result = static_cast<T>(value);
  }
  if (!fits) {
    place.fail(column, fmt::format("'{}' is outside the range of {}", field, name(dtype_of<T>)));
  }
  return result;
}

std::vector<std::string> read_columns(std::istream& in, Place& place) {
  std::string line;
  if (!next_line(in, line, place)) {
    place.line = 1;
    place.fail("expected a line of names, the file is empty");
  }
  std::string_view text = line;
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::vector<std::string> columns = split(text, place);
  for (auto column = columns.begin(); column != columns.end(); ++column) {
    const auto at = static_cast<std::size_t>(column - columns.begin() + 1);
    if (column->empty()) place.fail(at, "the name is empty");
    const auto other = std::find(columns.begin(), column, *column);
    if (other != column) {
      place.fail(at, fmt::format("the name '{}' is that of column {} too", *column,
                                 other - columns.begin() + 1));
    }
  }
  return columns;
}

template <class T>
Tensor read_rows(std::istream& in, std::size_t columns, Place& place) {
  std::vector<T> values;
  std::int64_t rows = 0;
  for (std::string line; next_line(in, line, place); ++rows) {
    if (trimmed(line).empty() && (in >> std::ws).eof()) break;  // blank to the end of the file
    const std::vector<std::string> fields = split(line, place);
    if (fields.size() != columns) {
      place.fail(
          fmt::format("expected {} numbers as there are names, got {}", columns, fields.size()));
    }
    for (std::size_t i = 0; i < columns; ++i) {
      values.push_back(number<T>(fields[i], i + 1, place));
    }
  }
  return Tensor({rows, static_cast<std::int64_t>(columns)}, values);
}

}  // namespace

Csv read_csv(std::istream& in, DType dtype, const std::string& name) {
  Place place{name};
  Csv csv;
  csv.columns = read_columns(in, place);
  csv.values = dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    return read_rows<T>(in, csv.columns.size(), place);
  });
  if (in.bad()) place.fail("the file could not be read");
  return csv;
}

Csv read_csv(const std::filesystem::path& file, DType dtype) {
  const std::string name = fmt::format("'{}'", file.string());
  std::ifstream in(file);
  if (!in) {
    throw FileError(fmt::format("read_csv: {}: cannot be opened: {}", name, std::strerror(errno)));
  }
  return read_csv(in, dtype, name);
}

}  // namespace dagrad
