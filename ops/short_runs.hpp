#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "ops/reduction.hpp"
#include "ops/vectors.hpp"

namespace dagrad {

/// Where the elements of each result lie in many short runs, as those of a channel of small images
/// do, kernels work on copies in which they are adjacent. Several results are copied together,
/// since their runs are neighbours.
class ShortRuns {
 public:
  static constexpr std::int64_t most = 4096;        ///< elements that are copied
  static constexpr std::int64_t most_results = 16;  ///< to which they belong

  /// Whether the units of a reduction are such results.
  static bool pay(const Reducer& reducer) {
    const ReductionSpace& space = reducer.space();
    return space.columns == 1 && space.run < space.rows && space.run <= 64 && space.rows <= most &&
           !reducer.is_chunked();
  }
  /// Calls `visit(runs)` on the pool for a few results at a time.
  template <class Visit>
  static void each(const Reducer& reducer, const EvalContext& c, std::int64_t work, Visit visit) {
    const std::int64_t together = std::min(most / reducer.space().rows, most_results);
    reducer.each_block(c, together, work, [&](std::int64_t first_result, std::int64_t count) {
      visit(ShortRuns(reducer.space(), c.machine(), first_result, count));
    });
  }

  std::int64_t first() const { return first_; }
  std::int64_t results() const { return results_; }
  /// Copies the elements to rows, one for each result.
  template <class T>
  void gather(const T* from, T* rows) const {
    copy([=](std::int64_t run, std::int64_t row, std::int64_t n)
             __attribute__((always_inline)) { copy_run(from + run, n, rows + row); });
  }
  template <class T>
  void scatter(const T* rows, T* to) const {
    copy([=](std::int64_t run, std::int64_t row, std::int64_t n)
             __attribute__((always_inline)) { copy_run(rows + row, n, to + run); });
  }

 private:
  ShortRuns(const ReductionSpace& space, const Machine& machine, std::int64_t first,
            std::int64_t results)
      : space_(space), machine_(machine), first_(first), results_(results) {
    for (std::int64_t i = 0; i < results; ++i)
      offsets_[static_cast<std::size_t>(i)] = space.group_offset(first + i);
  }

  /// Calls `move(offset of a run, its offset in the rows, its length)` for all of them.
  template <class Move>
  void copy(Move move) const {
    run_vectorized(
        machine_, [&]() __attribute__((always_inline)) {
          const std::int64_t rows = space_.rows, run = space_.run;
          for (std::int64_t at = 0; at < rows; at += run) {
            const std::int64_t offset = space_.run_offset(at / run);
            for (std::int64_t i = 0; i < results_; ++i)
              move(offsets_[static_cast<std::size_t>(i)] + offset, i * rows + at, run);
          }
        });
  }
  /// Copies without a call, which would take longer than the copying.
  template <class T>
  [[gnu::always_inline]] static void copy_run(const T* from, std::int64_t n, T* to) {
    constexpr auto piece = static_cast<std::int64_t>(32 / sizeof(T));
    std::int64_t i = 0;
    for (; i + piece <= n; i += piece) std::memcpy(to + i, from + i, piece * sizeof(T));
    for (; i < n; ++i) to[i] = from[i];
  }

  const ReductionSpace& space_;
  const Machine& machine_;
  const std::int64_t first_, results_;
  std::array<std::int64_t, most_results> offsets_;
};

}  // namespace dagrad
