#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

// The records of a ZIP archive, as specified in PKWARE's APPNOTE.TXT. All numbers are
// little-endian.
namespace dagrad::detail::zip_format {

inline constexpr std::string_view local_mark = "PK\3\4", directory_mark = "PK\1\2",
                                  end_mark = "PK\5\6", wide_end_mark = "PK\6\6",
                                  wide_end_place_mark = "PK\6\7";
/// Size of each record in bytes, without the names and fields of variable length at its end.
inline constexpr std::size_t local_bytes = 30, directory_bytes = 46, end_bytes = 22,
                             wide_end_bytes = 56, wide_end_place_bytes = 20;
/// Id of the field with the numbers that need 64 bits.
inline constexpr std::uint16_t wide_field = 1;
inline constexpr std::uint16_t utf8_flag = 1 << 11;

/// A number of 16 or 32 bits with this value is stored in the 64-bit form instead.
template <std::unsigned_integral T>
inline constexpr std::uint64_t elsewhere = std::numeric_limits<T>::max();

template <std::unsigned_integral T>
void put(std::string& to, T value) {
  for (std::size_t i = 0; i < sizeof value; ++i)
    to += static_cast<char>(static_cast<std::uint64_t>(value) >> 8 * i & 0xFF);
}

/// Reads the number at `at`; its bytes must exist.
template <std::unsigned_integral T>
T get(std::string_view from, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = sizeof(T); i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(from[at + i]);
  return static_cast<T>(value);
}

}  // namespace dagrad::detail::zip_format
