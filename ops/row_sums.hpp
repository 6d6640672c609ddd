#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace dagrad {

/// Adds up neighbours among `n` numbers, until each `group` of them is one.
template <std::int64_t n, std::int64_t group, class T>
[[gnu::always_inline]] inline void add_neighbours(const T* from, T* to) {
  typedef T V __attribute__((vector_size(32)));
  constexpr std::int64_t lanes = sizeof(V) / sizeof(T), half = n / 2;
  static_assert(half % lanes == 0);
  alignas(32) T pairs[half];
  T* const out = group == 2 ? to : pairs;
  for (std::int64_t i = 0; i < half; i += lanes) {
    V a, b, sum;
    std::memcpy(&a, from + 2 * i, sizeof a);
    std::memcpy(&b, from + 2 * i + lanes, sizeof b);
    if constexpr (lanes == 4) {
      sum = __builtin_shufflevector(a, b, 0, 4, 2, 6) + __builtin_shufflevector(a, b, 1, 5, 3, 7);
      sum = __builtin_shufflevector(sum, sum, 0, 2, 1, 3);
    } else {
      sum = __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
            __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
      sum = __builtin_shufflevector(sum, sum, 0, 1, 4, 5, 2, 3, 6, 7);
    }
    std::memcpy(out + i, &sum, sizeof sum);
  }
  if constexpr (group > 2) add_neighbours<half, group / 2>(pairs, to);
}

/// Sums the elements of a row in lanes, which begin with 0: element i in lane i modulo `lanes`.
/// Four rows of lanes are added to each other first.
template <std::int64_t lanes, class T>
[[gnu::always_inline]] inline void sum_lanes(const T* x, std::int64_t length, T* to) {
  typedef T V __attribute__((vector_size(32)));
  constexpr std::int64_t width = sizeof(V) / sizeof(T);
  static_assert(lanes == 4 * width);
  const auto load = [x](V & v, std::int64_t at) __attribute__((always_inline)) {
    std::memcpy(&v, x + at, sizeof v);
  };
  V sum[4] = {};
  std::int64_t at = 0;
  for (; at + 4 * lanes <= length; at += 4 * lanes) {
#pragma GCC unroll 4
    for (int v = 0; v < 4; ++v) {
      V a, b, c, d;
      load(a, at + v * width);
      load(b, at + v * width + lanes);
      load(c, at + v * width + 2 * lanes);
      load(d, at + v * width + 3 * lanes);
      sum[v] += (a + b) + (c + d);
    }
  }
  const auto add = [&](int vectors) __attribute__((always_inline)) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v, at += width) {
      V more;
      load(more, at);
      sum[v] += more;
    }
  };
  while (at + lanes <= length) add(4);
  const std::int64_t rest = (length - at) / width;
  if (rest == 1) add(1);
  if (rest == 2) add(2);
  if (rest == 3) add(3);
  std::memcpy(to, sum, sizeof sum);
  for (; at < length; ++at) to[at % lanes] += x[at];
}

/// Writes to[i]: the sum of row i of x, for at most `most` adjacent rows of `length` elements. With
/// vectors of 32 bytes, which compilers do not find, this gives the bits of an Accumulator, unless
/// the row is so long that its lanes climb.
template <std::int64_t lanes, std::int64_t most, class T>
[[gnu::always_inline]] inline void sum_rows_by_lanes(const T* x, std::int64_t length,
                                                     std::int64_t rows, T* to) {
  alignas(32) T sums[lanes * most], folded[most];
  for (std::int64_t row = 0; row < rows; ++row)
    sum_lanes<lanes>(x + row * length, length, sums + row * lanes);
  std::fill_n(sums + rows * lanes, (most - rows) * lanes, T(0));
  add_neighbours<lanes * most, lanes>(sums, folded);
  std::copy_n(folded, rows, to);
}

}  // namespace dagrad
