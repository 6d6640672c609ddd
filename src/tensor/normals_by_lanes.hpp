#pragma once

#include "src/tensor/box_muller.hpp"
#include "src/tensor/normals.hpp"

/// The code of normals.hpp, which is compiled once for each instruction set. Each loop over the
/// blocks of a group is turned into vectors by the compiler.
namespace dagrad::detail {
namespace {

/// The words of a group of blocks, in 64 bits each.
struct GroupWords {
  std::uint64_t word[4][blocks_in_group];
};

/// Philox4x32-10, as `philox` computes it for one block.
[[gnu::always_inline]] inline void draw(std::uint64_t key, BlockCounter first, GroupWords& bits) {
  constexpr std::uint64_t low = 0xffffffff;
  auto& c = bits.word;
  for (std::uint64_t i = 0; i < blocks_in_group; ++i) {
    c[0][i] = (first.low + i) & low;
    c[1][i] = (first.low + i) >> 32;
    c[2][i] = first.high & low;
    c[3][i] = first.high >> 32;
  }
  auto key0 = static_cast<std::uint32_t>(key), key1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    for (std::uint64_t i = 0; i < blocks_in_group; ++i) {
      const std::uint64_t a = (c[0][i] & low) * 0xd2511f53, b = (c[2][i] & low) * 0xcd9e8d57;
      c[0][i] = b >> 32 ^ c[1][i] ^ key0;
      c[1][i] = b & low;
      c[2][i] = a >> 32 ^ c[3][i] ^ key1;
      c[3][i] = a & low;
    }
    key0 += 0x9e3779b9;
    key1 += 0xbb67ae85;
  }
}

/// An integer below 2^52 as a double, also where the processor converts only 32 bits.
[[gnu::always_inline]] inline double to_double(std::uint64_t below) {
  return std::bit_cast<double>(below | 0x4330000000000000) - 0x1p52;
}

/// The numbers of block `i` in a group.
[[gnu::always_inline]] inline void block_normals(const GroupWords& bits, std::int64_t i,
                                                 double (&z)[4]) {
  for (int pair = 0; pair < 4; pair += 2)
    box_muller((to_double(bits.word[pair][i]) + 1) * 0x1p-32,
               to_double(bits.word[pair + 1][i]) * 0x1p-32, z[pair], z[pair + 1]);
}
[[gnu::always_inline]] inline void block_normals(const GroupWords& bits, std::int64_t i,
                                                 double (&z)[2]) {
  // Of two words, the upper 53 bits: 32 of the second, 21 of the first.
  const auto bits53 = [&](int at) {
    return to_double(bits.word[at + 1][i]) * 0x1p21 + to_double(bits.word[at][i] >> 11);
  };
  box_muller((bits53(0) + 1) * 0x1p-53, bits53(2) * 0x1p-53, z[0], z[1]);
}

template <class T>
void fill_groups(std::uint64_t key, BlockCounter first, std::int64_t groups, T* out, double mean,
                 double deviation) {
  constexpr int n = normals_per_block<T>;
  GroupWords bits;
  T normal[n][blocks_in_group];
  for (; groups > 0; --groups) {
    draw(key, first, bits);
    for (std::int64_t i = 0; i < blocks_in_group; ++i) {
      double z[n];
      block_normals(bits, i, z);
      for (int j = 0; j < n; ++j)
        normal[j][i] = static_cast<T>(mean + deviation * static_cast<double>(static_cast<T>(z[j])));
    }
    for (std::int64_t i = 0; i < blocks_in_group; ++i)
      for (int j = 0; j < n; ++j) *out++ = normal[j][i];
    first.low += blocks_in_group;
  }
}

}  // namespace
}  // namespace dagrad::detail
