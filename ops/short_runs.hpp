#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/reduction.hpp"

namespace dagrad {

/// Where the elements of each result lie in many short runs, as those of a channel of small images
/// do, kernels work on copies in which they are adjacent.
class ShortRuns {
 public:
  static constexpr std::int64_t most = 4096;  ///< elements of a result

  /// Whether the units of a reduction are such results.
  static bool pay(const Reducer& reducer) {
    const ReductionSpace& space = reducer.space();
    return space.columns == 1 && space.run < space.rows && space.run <= 64 && space.rows <= most &&
           !reducer.is_chunked();
  }

  ShortRuns(const ReductionSpace& space, const ReductionSplit::Unit& unit)
      : space_(space), unit_(unit) {}
  template <class T>
  void gather(const T* from, T* row) const {
    each_run(space_, unit_,
             [&](std::int64_t at, std::int64_t n) { row = std::copy_n(from + at, n, row); });
  }
  template <class T>
  void scatter(const T* row, T* to) const {
    each_run(space_, unit_, [&](std::int64_t at, std::int64_t n) {
      std::copy_n(row, n, to + at);
      row += n;
    });
  }

 private:
  const ReductionSpace& space_;
  const ReductionSplit::Unit& unit_;
};

}  // namespace dagrad
