#pragma once

#include <cstdint>

#include "dagrad/instruction_set.hpp"

/// Normal numbers by vectors: those of whole blocks of random bits, with the same bits on every
/// instruction set.
namespace dagrad::detail {

/// Numbers of a block of random bits: four floats or two doubles.
template <class T>
constexpr std::int64_t normals_per_block = 16 / sizeof(T);
/// Blocks that are computed at once.
constexpr std::int64_t blocks_in_group = 16;

/// The counters of blocks: the lower half is that of the first block, the upper half that of all.
struct BlockCounter {
  std::uint64_t low, high;
};

/// Fills `out` with the normal numbers of `groups` groups of blocks, scaled in double.
template <class T>
using FillNormals = void (*)(std::uint64_t key, BlockCounter first, std::int64_t groups, T* out,
                             double mean, double deviation);
template <class T>
FillNormals<T> normals_for(InstructionSet set);

template <class T>
FillNormals<T> plain_normals();
template <class T>
FillNormals<T> avx2_normals();
template <class T>
FillNormals<T> avx512_normals();

}  // namespace dagrad::detail
