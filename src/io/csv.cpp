#include "dagrad/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <compare>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
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
  Lines(std::istream& in, const std::string& name) : in_(in), name_(name) {}

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
  std::string block_;
  std::size_t at_ = 1, line_ = 0;
};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes a quoted field from the front of `rest`. Quotes within it are doubled.
std::string take_quoted(std::string_view& rest, std::size_t column, const Lines& lines) {
  std::string field;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] != '"') {
      field += rest[i];
    } else if (i + 1 < rest.size() && rest[i + 1] == '"') {
      field += rest[i++];
    } else {
      rest = trimmed(rest.substr(i + 1));
      if (!rest.empty() && rest[0] != ',')
        lines.fail(column, "expected a comma after the closing quote");
      return field;
    }
  }
  lines.fail(column, "the closing quote is missing");
}

std::vector<std::string> split(std::string_view line, const Lines& lines) {
  std::vector<std::string> fields;
  for (std::string_view rest = trimmed(line);;) {
    if (!rest.empty() && rest[0] == '"') {
      fields.push_back(take_quoted(rest, fields.size() + 1, lines));
    } else {
      const std::size_t end = std::min(rest.find(','), rest.size());
      fields.emplace_back(trimmed(rest.substr(0, end)));
      rest.remove_prefix(end);
    }
    if (rest.empty()) return fields;
    rest = trimmed(rest.substr(1));
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

template <class T>
T number(const std::string& field, std::size_t column, const Lines& lines) {
  const char* const end = field.data() + field.size();
  const char* const begin = field.data() + (field.size() > 1 && field[0] == '+' && field[1] != '-');
  const auto parse = [&](auto& value) {
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc::invalid_argument || stop != end) {
      lines.fail(column, fmt::format("{} is not {}", detail::in_quotes(field),
                                     std::is_integral_v<T> ? "an integer" : "a number"));
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
  } else {
    std::conditional_t<std::is_same_v<T, float>, float, double> value = 0;
    fits = parse(value);
    if (!fits && Decimal(field).exponent <= 0) {  // too small rather than too large
      value = field[0] == '-' ? -0.0F : 0.0F;
      fits = true;
    }
    if constexpr (sizeof(T) == 2) value = rounded_to_odd(value, field);
    result = static_cast<T>(value);
    fits = fits && std::isfinite(widen(result)) == std::isfinite(value);
  }
  if (!fits) {
    lines.fail(column, fmt::format("{} is outside the range of {}", detail::in_quotes(field),
                                   name(dtype_of<T>)));
  }
  return result;
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

template <class T>
Tensor read_rows(Lines& lines, std::size_t columns) {
  std::vector<T> values;
  std::int64_t rows = 0;
  for (std::string_view line; lines.next(line); ++rows) {
    if (trimmed(line).empty() && lines.only_blanks_left()) break;
    const std::vector<std::string> fields = split(line, lines);
    if (fields.size() != columns) {
      lines.fail(
          fmt::format("expected {} numbers, one for each name, got {}", columns, fields.size()));
    }
    for (std::size_t i = 0; i < columns; ++i) {
      values.push_back(number<T>(fields[i], i + 1, lines));
    }
  }
  return Tensor({rows, static_cast<std::int64_t>(columns)}, values);
}

}  // namespace

Csv read_csv(std::istream& in, DType dtype, const std::string& name) {
  Lines lines(in, name);
  Csv csv;
  csv.columns = read_columns(lines);
  csv.values = dispatch_stored(dtype, [&]<class T>(std::type_identity<T>) {
    return read_rows<T>(lines, csv.columns.size());
  });
  return csv;
}

Csv read_csv(const std::filesystem::path& file, DType dtype) {
  const std::string name = detail::file_name(file, "read_csv");
  std::ifstream in(file);
  if (!in) {
    throw FileError(fmt::format("read_csv: {}: cannot be opened: {}", name, std::strerror(errno)));
  }
  return read_csv(in, dtype, name);
}

namespace {

std::int64_t position(const std::vector<std::string>& columns, std::string_view name) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found != columns.end()) return found - columns.begin();
  throw ArgumentError(fmt::format("the table has no column {}; it has: {}", detail::in_quotes(name),
                                  fmt::join(columns, ", ")));
}

}  // namespace

Tensor Csv::column(std::string_view name) const {
  return values[{Range{}, position(columns, name)}];
}

Tensor Csv::select(const std::vector<std::string>& names) const {
  const std::int64_t rows = values.shape()[0], wide = values.shape()[1];
  const auto narrow = static_cast<std::int64_t>(names.size());
  Tensor selected({values.dtype(), {rows, narrow}});
  std::vector<std::int64_t> from;
  for (const std::string& name : names) from.push_back(position(columns, name));
  dispatch_width(values.dtype(), [&]<class Bits>(std::type_identity<Bits>) {
    const auto* const row = static_cast<const Bits*>(values.data());
    auto* to = static_cast<Bits*>(selected.mutable_view().data);
    for (std::int64_t i = 0; i < rows; ++i)
      for (const std::int64_t column : from) *to++ = row[i * wide + column];
  });
  return selected;
}

}  // namespace dagrad
