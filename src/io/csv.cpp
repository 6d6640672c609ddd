#include "dagrad/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <compare>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "dagrad/convert.hpp"
#include "dagrad/error.hpp"
#include "src/io/file_name.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace {

// Reads a text line by line; lines end in LF, CR LF or CR. Keeps track of the position in the file.
class Lines {
 public:
  Lines(std::istream& in, const std::string& name, char separator)
      : in_(in), name_(name), separator_(separator) {}

  char separator() const { return separator_; }
  /// The text without the blanks at its ends.
  std::string_view trimmed(std::string_view text) const {
    const std::string_view blanks = separator_ == '\t' ? " " : " \t";
    const auto first = text.find_first_not_of(blanks);
    return first == std::string_view::npos
               ? std::string_view()
               : text.substr(first, text.find_last_not_of(blanks) - first + 1);
  }

  /// Reads the next line and returns whether there is one; `line` is valid until the next call.
  bool next(std::string_view& line) {
    if (at_ > block_.size() && !next_block()) return false;
    const std::size_t end = std::min(block_.find('\r', at_), block_.size());
    line = std::string_view(block_).substr(at_, end - at_);
    at_ = end + 1;
    ++line_;
    return true;
  }
  /// Whether only white space is left.
  bool only_blanks_left() {
    return (at_ > block_.size() || block_.find_first_not_of(" \t\r", at_) == std::string::npos) &&
           (in_ >> std::ws).eof();
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw FileError(
        fmt::format("read_csv: {}: line {}: {}", name_, std::max(line_, std::size_t{1}), what));
  }
  [[noreturn]] void fail(std::size_t column, const std::string& what) const {
    fail(fmt::format("column {}: {}", column, what));
  }
  /// What to do if `text` suggests that the file has another separator.
  std::string advice(std::string_view text) const {
    for (const auto& [other, name] :
         {std::pair(',', "commas"), {';', "semicolons"}, {'\t', "tabs"}})
      if (other != separator_ && text.find(other) != std::string_view::npos)
        return fmt::format("; if {} separate the columns, set CsvOptions::separator", name);
    return "";
  }

 private:
  // Reads up to the next LF, and removes CRs before it.
  bool next_block() {
    errno = 0;
    if (!std::getline(in_, block_)) {
      if (in_.bad())
        fail(fmt::format("the file cannot be read: {}",
                         errno != 0 ? std::strerror(errno) : "the stream is in an error state"));
      return false;
    }
    at_ = 0;
    const bool ended_by_lf = !in_.eof();
    while (block_.ends_with('\r')) {
      block_.pop_back();
      if (!ended_by_lf) break;
    }
    return true;
  }

  std::istream& in_;
  const std::string& name_;
  char separator_;
  std::string block_;
  std::size_t at_ = 1, line_ = 0;
};

// Takes a quoted field from the front of `rest`. Quotes within it are doubled.
std::string take_quoted(std::string_view& rest, std::size_t column, const Lines& lines) {
  std::string field;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] != '"') {
      field += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
      field += rest[i++];
    } else {
      rest = lines.trimmed(rest.substr(i + 1));
      if (!rest.empty() && rest[0] != lines.separator())
        lines.fail(column, fmt::format("expected {} after the closing quote",
                                       lines.separator() == ',' ? "a comma" : "the separator"));
      return field;
    }
  }
  lines.fail(column, "the closing quote is missing");
}

std::vector<std::string> split(std::string_view line, const Lines& lines) {
  std::vector<std::string> fields;
  for (std::string_view rest = lines.trimmed(line);;) {
    if (!rest.empty() && rest[0] == '"') {
      fields.push_back(take_quoted(rest, fields.size() + 1, lines));
    } else {
      const std::size_t end = std::min(rest.find(lines.separator()), rest.size());
      fields.emplace_back(lines.trimmed(rest.substr(0, end)));
      rest.remove_prefix(end);
    }
    if (rest.empty()) return fields;
    rest = lines.trimmed(rest.substr(1));
  }
}

// The magnitude of a number that std::from_chars reads: 0.d₁d₂… · 10^exponent, where d₁ is not 0.
struct Decimal {
  std::int64_t exponent = 0;
  std::string digits;

  explicit Decimal(std::string_view number) {
    constexpr std::int64_t huge = std::int64_t{1} << 60;  // more than any text has digits
    if (number.starts_with('-') || number.starts_with('+')) number.remove_prefix(1);
    const std::size_t e = std::min(number.find_first_of("eE"), number.size());
    const std::string_view significand = number.substr(0, e);
    std::string_view power = number.substr(std::min(e + 1, number.size()));
    const bool negative = power.starts_with('-');
    if (negative || power.starts_with('+')) power.remove_prefix(1);
    if (std::from_chars(power.data(), power.data() + power.size(), exponent).ec ==
        std::errc::result_out_of_range)
      exponent = huge;
    exponent = std::min(exponent, huge) * (negative ? -1 : 1);
    exponent += static_cast<std::int64_t>(std::min(significand.find('.'), significand.size()));
    std::copy_if(significand.begin(), significand.end(), std::back_inserter(digits),
                 [](char c) { return c != '.'; });
    const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
    exponent -= static_cast<std::int64_t>(zeros);
    digits.erase(0, zeros);
    digits.erase(digits.find_last_not_of('0') + 1);
  }
  auto operator<=>(const Decimal&) const = default;
};

// The double that rounds to the 16-bit float nearest to what is written, where `value` is the
// nearest double. Rounding twice is wrong only if the first result lies halfway between two such
// floats. So, if it is not exact, the last bit is made 1, in the direction of the exact number.
double rounded_to_odd(double value, std::string_view written) {
  constexpr auto below = (std::uint64_t{1} << 41) - 1;  // these bits are 0 halfway
  if (value == 0 || !std::isfinite(value) || (std::bit_cast<std::uint64_t>(value) & below) != 0)
    return value;
  const auto order = Decimal(written) <=> Decimal(fmt::format("{:.120e}", value));
  if (order == 0) return value;
  const double away = std::copysign(std::numeric_limits<double>::infinity(), value);
  return std::nextafter(value, order > 0 ? away : 0);
}

// A field of a row, with the names of all columns and the number of its own.
struct Cell {
  const std::string& field;
  const std::vector<std::string>& columns;
  std::size_t column;
  const Lines& lines;

  [[noreturn]] void fail(const std::string& what) const {
    lines.fail(fmt::format("column {} ({}): {} {}", column + 1, detail::in_quotes(columns[column]),
                           detail::in_quotes(field), what));
  }
};

// Stores the cell's number in `value` and returns whether V can hold it.
template <class V>
bool parse(const Cell& cell, V& value) {
  const std::string& field = cell.field;
  const char* const end = field.data() + field.size();
  const char* const begin = field.data() + (field.size() > 1 && field[0] == '+' && field[1] != '-');
  const auto [stop, error] = std::from_chars(begin, end, value);
  if (error == std::errc::invalid_argument || stop != end)
    cell.fail((std::is_integral_v<V> ? "is not an integer" : "is not a number") +
              cell.lines.advice(field));
  return error != std::errc::result_out_of_range;
}

// Whether a dtype of integers or bools can hold the number.
bool holds(DType dtype, std::int64_t value) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() >> (63 - digits(dtype));
  return value <= most && value >= (dtype == b8 || dtype == u8 ? 0 : -most - 1);
}

// The number in a cell as the dtype holds it: V is int64 for integers and bools, float for float32,
// and double for the other floats.
template <class V>
V number(const Cell& cell, DType dtype, bool finite) {
  V value = 0;
  bool fits = parse(cell, value);
  if constexpr (std::is_integral_v<V>) {
    fits = fits && holds(dtype, value);
  } else {
    if (!fits && Decimal(cell.field).exponent <= 0) {  // too small rather than too large
      value = cell.field[0] == '-' ? -0.0F : 0.0F;
      fits = true;
    }
    const bool is_finite = std::isfinite(value);
    if (finite && !is_finite) cell.fail("is not finite");
    if (size_of(dtype) == 2) {
      const double odd = rounded_to_odd(value, cell.field);
      value = dtype == f16 ? widen(Float16(odd)) : widen(BFloat16(odd));
      fits = fits && std::isfinite(value) == is_finite;
    }
  }
  if (!fits) cell.fail(fmt::format("is outside the range of {}", name(dtype)));
  return value;
}

// Refuses UTF-16 and UTF-32 by the byte order mark, and removes that of UTF-8.
void check_encoding(std::string_view& header, const Lines& lines) {
  constexpr std::string_view utf8 = "\xEF\xBB\xBF", utf16_be = "\xFE\xFF", utf16_le = "\xFF\xFE";
  if (header.starts_with(utf16_be) || header.starts_with(utf16_le))
    lines.fail("the file is in UTF-16 or UTF-32; expected UTF-8");
  if (header.starts_with(utf8)) header.remove_prefix(utf8.size());
  if (header.find('\0') != std::string_view::npos)
    lines.fail(fmt::format("the names contain a NUL byte, as in UTF-16; expected UTF-8, got {}",
                           detail::in_quotes(header)));
}

std::vector<std::string> read_columns(Lines& lines) {
  std::string_view line;
  if (!lines.next(line)) lines.fail("expected a line of names, but the file is empty");
  check_encoding(line, lines);
  std::vector<std::string> columns = split(line, lines);
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty()) lines.fail(i + 1, "the name is empty");
    const auto [other, is_new] = places.try_emplace(columns[i], i + 1);
    if (!is_new) {
      lines.fail(i + 1, fmt::format("the name {} is also the name of column {}",
                                    detail::in_quotes(columns[i]), other->second));
    }
  }
  return columns;
}

constexpr auto absent = static_cast<std::size_t>(-1);

std::size_t position(const std::vector<std::string>& columns, std::string_view name) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  return found != columns.end() ? static_cast<std::size_t>(found - columns.begin()) : absent;
}

std::string no_column(const std::vector<std::string>& columns, std::string_view name) {
  return fmt::format("there is no column {}; the columns are: {}", detail::in_quotes(name),
                     fmt::join(columns, ", "));
}

// For each column of the file, where its numbers go in a row of the result, or `absent`.
std::vector<std::size_t> places(const std::vector<std::string>& columns,
                                const std::vector<std::string>& wanted, const Lines& lines) {
  std::vector<std::size_t> places(columns.size(), absent);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const std::size_t at = position(columns, wanted[i]);
    if (at == absent) lines.fail(no_column(columns, wanted[i]) + lines.advice(columns[0]));
    if (places[at] != absent)
      throw ArgumentError(fmt::format("read_csv: the options list the column {} twice",
                                      detail::in_quotes(wanted[i])));
    places[at] = i;
  }
  if (wanted.empty()) std::iota(places.begin(), places.end(), std::size_t{0});
  return places;
}

template <class V>
Tensor read_rows(Lines& lines, const std::vector<std::string>& columns, DType dtype,
                 const CsvOptions& options) {
  const std::vector<std::size_t> to = places(columns, options.columns, lines);
  const std::size_t wide = options.columns.empty() ? columns.size() : options.columns.size();
  std::vector<V> values;
  std::size_t rows = 0;
  for (std::string_view line; lines.next(line); ++rows) {
    if (lines.trimmed(line).empty() && lines.only_blanks_left()) break;
    const std::vector<std::string> fields = split(line, lines);
    if (fields.size() != columns.size())
      lines.fail(fmt::format("expected {} {}, one for each name, got {}{}", columns.size(),
                             columns.size() == 1 ? "field" : "fields", fields.size(),
                             lines.advice(columns[0])));
    values.resize(values.size() + wide);
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (to[i] != absent)
        values[rows * wide + to[i]] =
            number<V>({fields[i], columns, i, lines}, dtype, options.finite);
  }
  return Tensor({static_cast<std::int64_t>(rows), static_cast<std::int64_t>(wide)}, values)
      .cast(dtype);
}

void check(const CsvOptions& options) {
  const auto c = static_cast<unsigned char>(options.separator);
  if (c != '\t' && (std::ispunct(c) == 0 || std::strchr("\"+-.", c) != nullptr))
    throw ArgumentError(
        fmt::format("read_csv: the separator must be a tab or a punctuation mark that no number "
                    "contains, such as ',' or ';', got {}",
                    detail::in_quotes(std::string(1, options.separator))));
}

}  // namespace

Csv read_csv(std::istream& in, DType dtype, const CsvOptions& options, const std::string& name) {
  check(options);
  Lines lines(in, name, options.separator);
  Csv csv{.columns = read_columns(lines), .values = {}, .source = name};
  const auto read = !is_float(dtype) ? read_rows<std::int64_t>
                    : dtype == f32   ? read_rows<float>
                                     : read_rows<double>;
  csv.values = read(lines, csv.columns, dtype, options);
  if (!options.columns.empty()) csv.columns = options.columns;
  return csv;
}

Csv read_csv(const std::filesystem::path& file, DType dtype, const CsvOptions& options) {
  const std::string name = detail::file_name(file, "read_csv");
  std::ifstream in(file);
  if (!in)
    throw FileError(fmt::format("read_csv: {}: {}", name,
                                detail::cannot_be_opened(file, std::strerror(errno))));
  return read_csv(in, dtype, options, name);
}

namespace {

std::int64_t position(const Csv& table, std::string_view name) {
  const std::size_t at = position(table.columns, name);
  if (at == absent)
    throw ArgumentError((table.source.empty() ? "" : table.source + ": ") +
                        no_column(table.columns, name));
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
