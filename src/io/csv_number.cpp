#include "src/io/csv_number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <compare>
#include <iterator>
#include <limits>
#include <string_view>
#include <type_traits>

#include "dagrad/convert.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad::detail {

namespace {

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

// Stores the cell's number in `value` and returns whether V can hold it.
template <class V>
bool parse(const CsvCell& cell, V& value) {
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

}  // namespace

void CsvCell::fail(const std::string& what) const {
  lines.fail(fmt::format("column {} ({}): {} {}", column + 1, in_quotes(columns[column]),
                         in_quotes(field), what));
}

template <class V>
V csv_number(const CsvCell& cell, DType dtype, const CsvRules& rules) {
  if (std::find(rules.missing.begin(), rules.missing.end(), cell.field) != rules.missing.end()) {
    if constexpr (std::is_integral_v<V>)
      cell.fail(fmt::format("means a missing value, which {} cannot hold; a float can, as NaN",
                            name(dtype)));
    else
      return std::numeric_limits<V>::quiet_NaN();
  }
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
    if (rules.finite && !is_finite) cell.fail("is not finite");
    if (size_of(dtype) == 2) {
      const double odd = rounded_to_odd(value, cell.field);
      value = dtype == f16 ? widen(Float16(odd)) : widen(BFloat16(odd));
      fits = fits && std::isfinite(value) == is_finite;
    }
  }
  if (!fits) cell.fail(fmt::format("is outside the range of {}", name(dtype)));
  return value;
}

template std::int64_t csv_number(const CsvCell& cell, DType dtype, const CsvRules& rules);
template float csv_number(const CsvCell& cell, DType dtype, const CsvRules& rules);
template double csv_number(const CsvCell& cell, DType dtype, const CsvRules& rules);

}  // namespace dagrad::detail
