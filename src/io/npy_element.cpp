#include "src/io/npy_element.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace dagrad::detail {

namespace {

template <class From, class To>
void widen(const std::byte* from, std::size_t count, std::byte* to) {
  for (std::size_t i = 0; i < count; ++i) {
    From narrow;
    std::memcpy(&narrow, from + i * sizeof narrow, sizeof narrow);
    const To wide = narrow;
    std::memcpy(to + i * sizeof wide, &wide, sizeof wide);
  }
}

// NumPy has no bfloat16; "V2" is what np.save writes for that of ml_dtypes, and what jnp.load
// reads.
constexpr NpyElement elements[] = {
    {"b1", "bool", 1, b8, b8, nullptr},
    {"i1", "int8", 1, i8, i32, &widen<std::int8_t, std::int32_t>},
    {"u1", "uint8", 1, u8, i32, &widen<std::uint8_t, std::int32_t>},
    {"i2", "int16", 2, i16, i32, &widen<std::int16_t, std::int32_t>},
    {"u2", "uint16", 2, {}, i32, &widen<std::uint16_t, std::int32_t>},
    {"i4", "int32", 4, i32, i32, nullptr},
    {"u4", "uint32", 4, {}, i64, &widen<std::uint32_t, std::int64_t>},
    {"i8", "int64", 8, i64, i64, nullptr},
    {"f2", "float16", 2, f16, f32, &widen<Float16, float>},
    {"V2", "bfloat16", 2, bf16, f32, &widen<BFloat16, float>},
    {"f4", "float32", 4, f32, f32, nullptr},
    {"f8", "float64", 8, f64, f64, nullptr},
};

constexpr bool each_dtype_has_a_code() {
  for (std::size_t i = 0; i < dtype_count; ++i)
    if (std::none_of(std::begin(elements), std::end(elements),
                     [i](const NpyElement& e) { return e.dtype == static_cast<DType>(i); }))
      return false;
  return true;
}
static_assert(each_dtype_has_a_code());

}  // namespace

const NpyElement* find_npy_element(std::string_view descr) {
  if (descr.size() != 3 || std::string_view("<>=|").find(descr[0]) == std::string_view::npos)
    return nullptr;
  const auto* const found =
      std::find_if(std::begin(elements), std::end(elements),
                   [&](const NpyElement& e) { return e.code == descr.substr(1); });
  if (found == std::end(elements)) return nullptr;
  // NumPy itself writes "|V2" for elements that it has read as "<V2".
  if (descr[0] == '|' && found->size > 1 && found->dtype != bf16) return nullptr;
  return found;
}

std::string_view npy_code(DType dtype) {
  return std::find_if(std::begin(elements), std::end(elements),
                      [&](const NpyElement& e) { return e.dtype == dtype; })
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
