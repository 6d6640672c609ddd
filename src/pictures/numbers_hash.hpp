#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace dagrad::detail {

/// Hashes a few numbers.
struct NumbersHash {
  template <std::size_t n>
  std::size_t operator()(const std::array<std::uint32_t, n>& numbers) const noexcept {
    std::uint64_t hash = n;
    for (const std::uint32_t number : numbers)
      hash = (hash ^ number) * 0x9e3779b97f4a7c15U, hash ^= hash >> 29;
    return hash;
  }
};

}  // namespace dagrad::detail
