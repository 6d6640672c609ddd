#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "dagrad/parallel.hpp"

/// A radix sort of numbers together with their positions.
namespace dagrad {

/// An unsigned number of the element's size that compares as the elements do: NaN is the largest,
/// and -0 equals 0.
template <class T>
auto key_of(T x) {
  using Key = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  constexpr Key sign = Key{1} << (8 * sizeof(T) - 1);
  if constexpr (std::is_floating_point_v<T>) {
    const auto bits = std::bit_cast<Key>(x == 0 ? T(0) : x);
    const Key negative = Key{0} - (bits >> (8 * sizeof(T) - 1));  // without a branch: all bits or 0
    return x != x ? ~Key{0} : bits ^ (negative | sign);
  } else if constexpr (std::is_signed_v<T>) {
    return static_cast<Key>(x) ^ sign;
  } else {
    return static_cast<Key>(x);
  }
}

constexpr std::size_t radix = 256;

/// A key of 32 bits and the position of its element in one word; no two are equal.
struct NarrowEntry {
  static constexpr int digits = 4;
  NarrowEntry(std::uint64_t key, std::int64_t at)
      : word(key << 32 | static_cast<std::uint64_t>(at)) {}
  std::size_t digit(int i) const { return word >> (32 + 8 * i) & (radix - 1); }
  std::int64_t position() const { return static_cast<std::int64_t>(word & 0xffffffffU); }
  auto operator<=>(const NarrowEntry&) const = default;
  std::uint64_t word;
};

/// The same for keys of 64 bits and for lines of more than 2^32 elements.
struct WideEntry {
  static constexpr int digits = 8;
  WideEntry(std::uint64_t k, std::int64_t i) : key(k), at(i) {}
  std::size_t digit(int i) const { return key >> (8 * i) & (radix - 1); }
  std::int64_t position() const { return at; }
  auto operator<=>(const WideEntry&) const = default;
  std::uint64_t key;
  std::int64_t at;
};

/// Divides elements into pieces of nearly equal size, which run on a pool.
struct Pieces {
  const Parallel& parallel;
  std::int64_t elements, count;

  /// Calls `f(piece, begin, end)` for each piece.
  template <class F>
  void each(F f) const {
    parallel.ranges(count, 1, [&](std::int64_t i, std::int64_t) {
      f(i, elements * i / count, elements * (i + 1) / count);
    });
  }
};

/// For each value of a digit, first how many elements of a piece have it, then the position of the
/// next of these.
using DigitCounts = std::array<std::int64_t, radix>;

/// Turns the counts of all pieces into positions. Returns false if all elements have the same
/// digit.
inline bool counts_to_places(DigitCounts* counts, const Pieces& pieces) {
  std::int64_t sum = 0;
  for (std::size_t digit = 0; digit < radix; ++digit) {
    const std::int64_t before = sum;
    for (std::int64_t i = 0; i < pieces.count; ++i) sum += std::exchange(counts[i][digit], sum);
    if (sum - before == pieces.elements) return false;
  }
  return true;
}

/// Sorts by one digit after the other, the least significant first: Knuth, The Art of Computer
/// Programming 3, 5.2.5. Returns whichever of the two memories holds the sorted entries.
template <class Entry>
Entry* radix_sort(const Pieces& pieces, Entry* from, Entry* to, DigitCounts* counts) {
  for (int digit = 0; digit < Entry::digits; ++digit) {
    pieces.each([&](std::int64_t i, std::int64_t begin, std::int64_t end) {
      counts[i].fill(0);
      for (std::int64_t e = begin; e < end; ++e) ++counts[i][from[e].digit(digit)];
    });
    if (!counts_to_places(counts, pieces)) continue;
    pieces.each([&](std::int64_t i, std::int64_t begin, std::int64_t end) {
      for (std::int64_t e = begin; e < end; ++e) to[counts[i][from[e].digit(digit)]++] = from[e];
    });
    std::swap(from, to);
  }
  return from;
}

}  // namespace dagrad
