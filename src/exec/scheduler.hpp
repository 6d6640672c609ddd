#pragma once

#include <atomic>
#include <cfenv>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>

#include "dagrad/parallel.hpp"
#include "src/exec/board.hpp"
#include "src/exec/crew.hpp"
#include "src/exec/ready_steps.hpp"
#include "src/exec/topology.hpp"

namespace dagrad::detail {

// How a run proceeds. The thread that called it is worker 0; the other workers are helpers, threads
// that TBB lends to the crew.
//
//   a step     waiting ──1──▶ ready ──2──▶ running ──3──▶ done
//
//     1  Its join counter falls to 0. The worker that finished the last predecessor runs it next
//        or, if it has another step to run, pushes it on its own deque and calls the crew.
//     2  A worker takes it: from its own deque, from the shared stack, or by stealing.
//     3  The join counters of its successors are decremented. If it throws, the run stops: each
//        worker leaves after its current step, or earlier between the tasks of a loop.
//
//   a loop     posted ──4──▶ shared ──5──▶ taken down ──6──▶ gone
//
//     4  A running step posts a loop of many tasks and calls the crew. Workers that find no step
//        visit the loop.
//     5  The step's own worker finds no task left to take.
//     6  The last visitor has left, and the step continues. It waits only for tasks that other
//        workers are computing, so that loops may nest.
//
//   a caller   posting ──▶ working ──7──▶ taking down ──8──▶ returning
//
//     7  All steps are done, or one has failed. Until then, a caller with nothing to do pauses,
//        yields and finally sleeps, but never leaves.
//     8  The last helper has left the run.
//
//   a helper   away ──9──▶ called ──10──▶ lingering ──11──▶ working
//               ▲                          │    ▲              │
//               └────────────13────────────┘    └──────12──────┘
//
//     9  `Crew::call` finds that the run could use more helpers than are here or on their way, and
//        enqueues a task in TBB.
//    10  TBB runs the task: soon, or after 20 to 60 µs if its thread sleeps, or never.
//    11  It finds a posted run with a free worker number.
//    12  The run is over, or has had no work for it for some microseconds.
//    13  No run has had work for it for 100 µs and no loop of runs keeps it, or the crew ends. The
//        thread returns to TBB.

/// The steps that a Scheduler runs. Those of a plan are its tasks, each of which may be several
/// steps of the plan.
class Steps {
 public:
  /// Runs one step as this worker; 0 is the caller. An exception ends the run, after which the
  /// worker runs no other step.
  virtual void run(std::uint32_t step, int worker) = 0;
  /// Throws Interrupted if the run is to stop. Called between the tasks of a step.
  virtual void check() const = 0;

 protected:
  ~Steps() = default;
};

/// Thrown in steps, and passing through ops, when the run is to stop.
struct Interrupted {
  enum class Reason : std::uint8_t { cancelled, deadline, failure } reason;
};

/// Runs the steps of one topology any number of times, on the caller's thread and those of the
/// crew. Runs allocate nothing.
class Scheduler final : private SharedWork {
 public:
  /// Uses at most `threads` workers, including the caller.
  Scheduler(const Topology& topology, Crew& crew, int threads);
  ~Scheduler();

  struct Failure {
    std::uint32_t step = 0;
    int worker = 0;            ///< that ran it
    std::exception_ptr error;  ///< null if all steps were run
  };
  /// Runs every step once, after the steps that it depends on. If steps fail, returns the failure
  /// of the earliest of them; other steps may not have been run.
  Failure operator()(Steps& steps);

  /// The loops of the steps that a worker runs.
  const Parallel& loops_of(int worker) const { return loops_of_[static_cast<std::size_t>(worker)]; }

 private:
  struct Loop;
  class Loops final : public Parallel {
   public:
    void belong_to(const Scheduler& scheduler, int worker) {
      scheduler_ = &scheduler;
      worker_ = worker;
    }

   private:
    void run(std::int64_t tasks, Body body, const void* context) const override;

    const Scheduler* scheduler_ = nullptr;
    int worker_ = 0;
  };

  void take_tasks(Loop& loop, int worker) const;
  bool help() noexcept override;
  int take_number();

  bool work(int worker) noexcept;
  std::uint32_t run_chain(std::uint32_t step, int worker) noexcept;
  bool visit_loops(int worker) const;
  void fail(std::uint32_t step, int worker);
  void check() const;

  Crew& crew_;
  int workers_;
  int helpers_ = 0;            ///< how many this run could use
  std::fenv_t environment_{};  ///< of the caller
  Steps* steps_ = nullptr;

  ReadySteps ready_;
  std::uint32_t size_;
  std::unique_ptr<std::atomic<bool>[]> numbers_;  ///< which worker numbers are taken
  std::unique_ptr<Loops[]> loops_of_;             ///< by worker
  mutable Board<Loop> loops_;                     ///< loops inside running steps
  std::mutex failing_;
  Failure failure_;
  alignas(128) std::atomic<std::uint32_t> remaining_{0};  ///< steps not known to be done
  alignas(128) std::atomic<bool> stop_{false};
};

}  // namespace dagrad::detail
