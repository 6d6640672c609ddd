#pragma once

#include <algorithm>
#include <cstdint>

#include "dagrad/eval.hpp"

namespace dagrad {

/// The lines of a shape along an axis, which scans walk one element after the other: those that lie
/// side by side together.
class Lines {
 public:
  static constexpr std::int64_t most = 512;  ///< lines that are walked together

  Lines(const Shape& shape, std::int64_t axis_given, bool reverse) {
    const int axis = normalize_axis(axis_given, shape.rank());
    for (int i = 0; i < axis; ++i) outer_ *= shape[i];
    for (int i = axis + 1; i < shape.rank(); ++i) inner_ *= shape[i];
    length = shape[axis];
    step = reverse ? -inner_ : inner_;
  }

  std::int64_t length = 0;
  std::int64_t step = 0;  ///< from an element to the next of its line

  /// Calls `walk(at, width)` on the pool for `width` lines at a time, the first elements of which
  /// are those from `at` on. The split depends on the shape alone. Lines of nothing are left out.
  template <class Walk>
  void each(const Parallel& parallel, Walk walk) const {
    if (length == 0 || inner_ == 0) return;
    const std::int64_t pieces = (inner_ + most - 1) / most;
    const std::int64_t grain =
        std::max<std::int64_t>(1, (1 << 14) / (length * std::min(inner_, most) + 1));
    parallel.ranges(outer_ * pieces, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t unit = begin; unit < end; ++unit) {
        const std::int64_t column = unit % pieces * most;
        const std::int64_t first = unit / pieces * length + (step < 0 ? length - 1 : 0);
        walk(first * inner_ + column, std::min(most, inner_ - column));
      }
    });
  }

 private:
  std::int64_t outer_ = 1, inner_ = 1;
};

}  // namespace dagrad
