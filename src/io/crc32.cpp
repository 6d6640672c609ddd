#include "src/io/crc32.hpp"

#include <array>
#include <cstddef>

namespace dagrad::detail {

namespace {

// tables[k][b] is the contribution of byte b if k more bytes follow, so that eight bytes are
// processed at a time.
constexpr auto tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> t{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
    t[0][byte] = crc;
  }
  for (std::size_t k = 1; k < t.size(); ++k)
    for (std::size_t byte = 0; byte < 256; ++byte)
      t[k][byte] = t[k - 1][byte] >> 8 ^ t[0][t[k - 1][byte] & 0xFF];
  return t;
}();

std::uint32_t word(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

std::uint32_t crc32(std::uint32_t before, std::string_view bytes) {
  std::uint32_t crc = ~before;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    const std::uint32_t low = crc ^ word(bytes.data()), high = word(bytes.data() + 4);
    crc = 0;
    for (std::size_t i = 0; i < 4; ++i)
      crc ^= tables[7 - i][low >> 8 * i & 0xFF] ^ tables[3 - i][high >> 8 * i & 0xFF];
  }
  for (const char byte : bytes)
    crc = crc >> 8 ^ tables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~crc;
}

}  // namespace dagrad::detail
