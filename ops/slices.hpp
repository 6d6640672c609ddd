#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>

#include "dagrad/eval.hpp"
#include "ops/indexing.hpp"
#include "ops/vectors.hpp"

/// Reading and writing whole slices that indices name.
namespace dagrad {

/// Calls `run(size)` with the size of a slice, as a constant if slices are single elements.
template <class Run>
[[gnu::always_inline]] inline void with_slice_size(std::int64_t size, Run run) {
  if (size == 1)
    run(std::integral_constant<std::int64_t, 1>());
  else
    run(size);
}

/// Copies a slice and, piece by piece, asks for the lines of the cache in which a later one lies.
template <class T>
void copy_slice(const T* from, std::int64_t size, const T* later, T* to) {
  constexpr std::int64_t piece = 256 / sizeof(T);
  for (std::int64_t at = 0; at < size; at += piece) {
    const std::int64_t end = std::min(at + piece, size);
    prefetch(later + at, end - at);
    std::copy(from + at, from + end, to + at);
  }
}

/// Copies whole slices. Processors do not foresee where the next ones lie: if much is copied, those
/// that follow some thousand bytes later are asked for.
template <class T, class I>
void gather_slices(const Parallel& parallel, const Places& p, const I* at, const T* from, T* to) {
  constexpr std::int64_t some = 8192 / sizeof(T), much = (1 << 22) / sizeof(T);
  const std::int64_t grain = std::max<std::int64_t>(1, Places::task / p.inner);
  const bool from_memory = p.inner > 1 && p.outer * p.count * p.inner > much;
  const std::int64_t ahead =
      from_memory ? some / std::max<std::int64_t>(p.inner, 64 / sizeof(T)) : 0;
  parallel.ranges(p.outer * p.count, grain, [&](std::int64_t begin, std::int64_t end) {
    with_slice_size(p.inner, [&](auto size) {
      for (std::int64_t i = begin, stop; i < end; i = stop) {  // block by block
        const std::int64_t number = i / p.count, first = number * p.count;
        const T* const block = from + number * p.length * size;
        const auto slice = [&](std::int64_t k) { return block + p.row(at[k - first]) * size; };
        stop = std::min(end, first + p.count);
        for (; ahead > 0 && i < stop - ahead; ++i)
          copy_slice<T>(slice(i), size, slice(i + ahead), to + i * size);
        for (; i < stop; ++i) std::copy_n(slice(i), +size, to + i * size);
      }
    });
  });
}

/// Calls `visit(k)` in order for each index k that names one of these rows.
template <class I, class Visit>
[[gnu::always_inline]] inline void each_naming(const Places& p, const I* at, std::int64_t first,
                                               std::int64_t last, Visit visit) {
  if (first == 0 && last == p.length) {
    for (std::int64_t k = 0; k < p.count; ++k) visit(k);
    return;
  }
  std::array<std::int64_t, 256> found;  // without a branch, which would often be mispredicted
  for (std::int64_t k = 0; k < p.count;) {
    const std::int64_t stop = std::min(p.count, k + static_cast<std::int64_t>(found.size()));
    std::size_t n = 0;
    for (; k < stop; ++k) {
      const std::int64_t row = p.row(at[k]);
      found[n] = k;
      n += static_cast<std::size_t>((row >= first) & (row < last));
    }
    for (std::size_t i = 0; i < n; ++i) visit(found[i]);
  }
}

/// Calls `join(to, value)` for each element of the slices, in the order of the indices. Each task
/// owns a part of the slices that may be named and reads all indices for it, which pays for long
/// slices.
template <class T, class To, class I, class Join>
void scatter_slices(const EvalContext& c, const Places& p, const I* at, const T* values, To* to,
                    Join join) {
  const std::int64_t work = p.count * p.inner;
  const std::int64_t parts =
      work < 2 * Places::task
          ? 1
          : std::clamp<std::int64_t>(p.inner / 32, 1, std::min<std::int64_t>(p.length, 16));
  const std::int64_t grain = std::max<std::int64_t>(1, Places::task / (work / parts + 1));
  c.parallel.ranges(p.outer * parts, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t block = unit / parts, part = unit % parts;
      const std::int64_t first = p.length * part / parts, last = p.length * (part + 1) / parts;
      const auto run = [&](auto size) __attribute__((always_inline)) {
        const auto add = [&](std::int64_t k) __attribute__((always_inline)) {
          To* const x = to + (block * p.length + p.row(at[k])) * size;
          const T* const value = values + (block * p.count + k) * size;
          for (std::int64_t j = 0; j < size; ++j) join(x[j], value[j]);
        };
        each_naming(p, at, first, last, add);
      };
      const auto run_any = [&]() __attribute__((always_inline)) { with_slice_size(p.inner, run); };
      if constexpr (std::is_floating_point_v<To>)
        run_vectorized(c.machine(), run_any);
      else
        run_any();  // for others, this would be twice the code for little
    }
  });
}

}  // namespace dagrad
