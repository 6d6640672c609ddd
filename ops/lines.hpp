#pragma once

#include <algorithm>
#include <cstdint>

#include "dagrad/eval.hpp"
#include "dagrad/strides.hpp"

namespace dagrad {

/// The lines of a shape along an axis, which scans walk element by element. Adjacent lines are
/// walked together.
class Lines {
 public:
  static constexpr std::int64_t most = 512;  ///< lines that are walked together

  Lines(const Shape& shape, std::int64_t axis, bool reverse)
      : along_(shape, axis), reverse_(reverse) {}

  std::int64_t length() const { return along_.length; }
  /// The distance from an element to the next one of its line.
  std::int64_t step() const { return reverse_ ? -along_.inner : along_.inner; }

  /// Calls `walk(at, width)` on the pool for `width` lines at a time, whose first elements are
  /// those from `at` on. The split depends on the shape alone. Lines without elements are skipped.
  template <class Walk>
  void each(const Parallel& parallel, Walk walk) const {
    const std::int64_t outer = along_.outer, length = along_.length, inner = along_.inner;
    if (length == 0 || inner == 0) return;
    const std::int64_t pieces = (inner + most - 1) / most;
    const std::int64_t grain =
        std::max<std::int64_t>(1, (1 << 14) / (length * std::min(inner, most) + 1));
    parallel.ranges(outer * pieces, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t unit = begin; unit < end; ++unit) {
        const std::int64_t column = unit % pieces * most;
        const std::int64_t first = unit / pieces * length + (reverse_ ? length - 1 : 0);
        walk(first * inner + column, std::min(most, inner - column));
      }
    });
  }

  /// Whether the elements of a line are adjacent.
  bool is_last_axis() const { return along_.inner == 1; }
  /// For lines of adjacent elements: calls `walk(at, count)` on the pool for up to `together`
  /// lines, which lie one after the other; the first begins at `at`. Lines without elements are
  /// skipped.
  template <class Walk>
  void each_group(const Parallel& parallel, std::int64_t together, Walk walk) const {
    const std::int64_t lines = along_.outer, length = along_.length;
    if (length == 0) return;
    const std::int64_t groups = (lines + together - 1) / together;
    const std::int64_t grain = 1 + (1 << 14) / (length * together);
    parallel.ranges(groups, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin * together; line < std::min(end * together, lines);
           line += together)
        walk(line * length + (reverse_ ? length - 1 : 0), std::min(together, lines - line));
    });
  }

 private:
  AlongAxis along_;
  bool reverse_;
};

}  // namespace dagrad
