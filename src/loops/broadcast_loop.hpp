#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "dagrad/program.hpp"
#include "src/loops/cache.hpp"
#include "src/loops/rows.hpp"

namespace dagrad::detail {

/// An elementwise node, or a fused group of them, ready to run: its loop, and the way the loop
/// walks operands that broadcast. Made at plan time of types that fit together; immutable, so that
/// any number of threads may run it, different tasks of one call among them. Runs allocate nothing.
class BroadcastLoop {
 public:
  /// Results all have the shape of `out[0]`, to which the operands broadcast.
  BroadcastLoop(LoopCache& cache, ProgramPtr program, std::span<const Type> in,
                std::span<const Type> out);
  /// Pieces of nearly equal work that may run at once, by shape and program alone: 0 where there is
  /// no element, 1 where more would not pay.
  std::int64_t tasks() const { return tasks_; }
  /// Nanoseconds that all of it takes on one thread, roughly.
  double cost() const { return cost_; }
  /// Computes a piece. A result may be the memory of an operand of the same shape and element size.
  void run(std::int64_t task, const void* const* in, void* const* out) const {
    if (rows_) return run_rows(task, in, out);
    loop_->run(*program_, in, out, elements_);
  }

 private:
  void run_rows(std::int64_t task, const void* const* in, void* const* out) const;

  std::shared_ptr<const Loop> loop_;
  ProgramPtr program_;                ///< lowered
  std::unique_ptr<const Rows> rows_;  ///< null where one run of the loop walks it all
  std::int64_t elements_ = 0;
  std::int64_t piece_ = 0;
  std::int64_t tasks_ = 0;
  double cost_ = 0;
};

}  // namespace dagrad::detail
