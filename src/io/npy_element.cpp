#include "src/io/npy_element.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace dagrad::detail {

namespace {

/// IEEE 754 binary16.
enum class Half : std::uint16_t {};

template <class To, class From>
To widened(From value) {
  return value;
}

template <>
float widened<float>(Half half) {
  constexpr int fraction_bits = 10, more_bits = 23 - fraction_bits, bias = 127 - 15;
  const auto bits = static_cast<std::uint32_t>(half);
  const std::uint32_t sign = (bits & 0x8000) << 16, exponent = bits >> fraction_bits & 0x1F,
                      fraction = bits & 0x3FF;
  if (exponent == 0) {  // zero or subnormal, which is normal as a float
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  const std::uint32_t wide = exponent == 0x1F ? 0xFF : exponent + bias;  // 0xFF: infinite or NaN
  return std::bit_cast<float>(sign | wide << 23 | fraction << more_bits);
}

template <class From, class To>
void widen(const std::byte* from, std::size_t count, std::byte* to) {
  for (std::size_t i = 0; i < count; ++i) {
    From narrow;
    std::memcpy(&narrow, from + i * sizeof narrow, sizeof narrow);
    const To wide = widened<To>(narrow);
    std::memcpy(to + i * sizeof wide, &wide, sizeof wide);
  }
}

constexpr NpyElement elements[] = {
    {"b1", "bool", b8, 1, nullptr},
    {"i4", "int32", i32, 4, nullptr},
    {"i8", "int64", i64, 8, nullptr},
    {"f4", "float32", f32, 4, nullptr},
    {"f8", "float64", f64, 8, nullptr},
    {"i1", "int8", i32, 1, &widen<std::int8_t, std::int32_t>},
    {"u1", "uint8", i32, 1, &widen<std::uint8_t, std::int32_t>},
    {"i2", "int16", i32, 2, &widen<std::int16_t, std::int32_t>},
    {"u2", "uint16", i32, 2, &widen<std::uint16_t, std::int32_t>},
    {"u4", "uint32", i64, 4, &widen<std::uint32_t, std::int64_t>},
    {"f2", "float16", f32, 2, &widen<Half, float>},
};

}  // namespace

const NpyElement* find_npy_element(std::string_view descr) {
  if (descr.size() != 3 || std::string_view("<>=|").find(descr[0]) == std::string_view::npos)
    return nullptr;
  const auto* const found =
      std::find_if(std::begin(elements), std::end(elements),
                   [&](const NpyElement& e) { return e.code == descr.substr(1); });
  if (found == std::end(elements) || (descr[0] == '|' && found->size > 1)) return nullptr;
  return found;
}

std::string_view npy_code(DType dtype) {
  return std::find_if(std::begin(elements), std::end(elements),
                      [&](const NpyElement& e) { return e.dtype == dtype && e.widen == nullptr; })
      ->code;
}

std::string_view meaning_of_descr(std::string_view descr) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> meanings{
      {{"O", "Python objects"},
       {"S", "text of single bytes"},
       {"a", "text of single bytes"},
       {"U", "text"},
       {"V", "raw bytes"},
       {"c", "complex numbers"},
       {"M", "dates"},
       {"m", "spans of time"},
       {"u8", "uint64"},
       {"f12", "extended precision floats"},
       {"f16", "extended precision floats"}}};
  if (descr.empty() || std::string_view("<>=|").find(descr[0]) == std::string_view::npos) return {};
  for (const auto& [code, meaning] : meanings)
    if (descr.substr(1).starts_with(code)) return meaning;
  return {};
}

}  // namespace dagrad::detail
