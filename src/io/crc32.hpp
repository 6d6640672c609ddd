#pragma once

#include <cstdint>
#include <string_view>

namespace dagrad::detail {

/// Continues the checksum of ZIP (CRC-32 of IEEE 802.3) `before` with more bytes.
std::uint32_t crc32(std::uint32_t before, std::string_view bytes);

}  // namespace dagrad::detail
