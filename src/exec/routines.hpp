#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "src/loops/code.hpp"
#include "src/loops/straight_line.hpp"

namespace dagrad::detail {

class Lifetimes;
class Plan;

/// Why a plan has no routines.
enum class NoRoutines : std::uint8_t {
  possible,  ///< it may have some
  sanitizer,
  threads,   ///< several share the steps
  observer,  ///< it looks at each step
  assembler  ///< the instruction set has none
};
NoRoutines why_no_routines(const Plan& plan);

/// The routines of a plan that runs on one thread: machine code that takes the place of consecutive
/// steps on few elements. The results have the same bits.
class Routines {
 public:
  /// Steps [begin, end), and the routine that does what they do; null if they are run one by one.
  struct Stretch {
    std::uint32_t begin = 0, end = 0;
    RoutineEntry routine = nullptr;
  };

  static constexpr std::uint32_t fewest_steps = 2, most_steps = 1 << 16;  ///< of a routine

  Routines() = default;
  explicit Routines(const Plan& plan);

  /// All steps of the plan, in order; none if it has no routine.
  std::span<const Stretch> stretches() const { return stretches_; }
  /// The memory that they need, in bytes.
  std::size_t scratch() const { return scratch_; }

 private:
  std::vector<Stretch> stretches_;
  std::unique_ptr<const ExecutableCode> code_;
  std::size_t scratch_ = 0;
};

/// Whether routines can do most of a plan's work, by the costs of its steps. They are faster than
/// threads that share such small steps.
bool suits_routines(const Plan& plan, const Lifetimes& lifetimes);

/// Assembles the routines of a plan when a run is bound or when it runs for the second time, since
/// most graphs that run once are not worth it.
class RoutinesOnDemand {
 public:
  RoutinesOnDemand() = default;
  /// A copy of a plan may become another plan, so it has not run yet.
  RoutinesOnDemand(const RoutinesOnDemand&) {}
  RoutinesOnDemand& operator=(const RoutinesOnDemand&) = delete;
  ~RoutinesOnDemand() = default;

  /// Makes them now.
  void make(const Plan& plan) const;
  /// Those that are there already; none at first.
  const Routines& now() const {
    const Routines* const made = made_.load(std::memory_order_acquire);
    return made != nullptr ? *made : none_;
  }
  /// Called by every run that may use them.
  const Routines& next_run(const Plan& plan) const {
    if (const Routines* const made = made_.load(std::memory_order_acquire)) return *made;
    return count_run(plan);
  }

 private:
  const Routines& count_run(const Plan& plan) const;

  const Routines none_{};
  mutable std::atomic<const Routines*> made_{nullptr};
  mutable std::atomic<int> runs_{0};
  mutable std::mutex mutex_;
  mutable Routines routines_;
};

}  // namespace dagrad::detail
