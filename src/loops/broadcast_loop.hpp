#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "dagrad/program.hpp"
#include "src/loops/cache.hpp"
#include "src/loops/rows.hpp"

namespace dagrad::detail {

/// An elementwise node prepared to run: its loop, and how the loop walks operands that broadcast.
/// It is made during planning, for types that have been checked. It is immutable, so any number of
/// threads may run it, including different tasks of one call. Runs allocate nothing.
class BroadcastLoop {
 public:
  /// All results have the shape of `out[0]`, to which the operands must broadcast.
  BroadcastLoop(LoopCache& cache, ProgramPtr program, std::span<const Type> in,
                std::span<const Type> out);
  /// The number of pieces of nearly equal work that may run at once. It depends only on shape and
  /// program: 0 if there are no elements, 1 if more would not pay off.
  std::int64_t tasks() const { return tasks_; }
  const Program& program() const { return *program_; }
  /// Rough estimate of the total time on one thread, in nanoseconds.
  double cost() const { return cost_; }
  /// Computes a piece. A result may overwrite an operand of the same shape and element size.
  void run(std::int64_t task, const void* const* in, void* const* out) const {
    if (rows_) return run_rows(task, in, out);
    loop_->run(*program_, in, out, elements_);
  }

 private:
  void run_rows(std::int64_t task, const void* const* in, void* const* out) const;

  std::shared_ptr<const Loop> loop_;
  ProgramPtr program_;                ///< lowered
  std::unique_ptr<const Rows> rows_;  ///< null if a single run of the loop covers all elements
  std::int64_t elements_ = 0;
  std::int64_t piece_ = 0;
  std::int64_t tasks_ = 0;
  double cost_ = 0;
};

}  // namespace dagrad::detail
