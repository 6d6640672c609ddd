#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "src/exec/queues.hpp"
#include "src/exec/topology.hpp"

namespace dagrad::detail {

/// The steps of a run that are waiting, each with a counter of its unfinished predecessors, and
/// those that are ready, in one deque per worker. The roots, and steps that find no room in a
/// deque, lie on a stack shared by all workers.
class ReadySteps {
 public:
  ReadySteps(const Topology& topology, int workers)
      : topology_(topology),
        workers_(workers),
        joins_(new std::atomic<std::int32_t>[topology.size()]),
        deques_(new Deque[static_cast<std::size_t>(workers)]),
        shared_(topology.size()) {
    reset();
  }

  /// Makes the roots ready. Called before a run.
  void begin() { shared_.assign(topology_.roots); }
  /// Restores the initial state after a run that did not finish all steps.
  void reset() {
    for (std::uint32_t s = 0; s < topology_.size(); ++s)
      joins_[s].store(topology_.predecessors[s], std::memory_order_relaxed);
    for (int w = 0; w < workers_; ++w) deque(w).clear();
  }

  /// Takes a ready step for this worker: its own newest, one from the shared stack, or the oldest
  /// of another worker; else returns `no_step`.
  std::uint32_t take(int worker) {
    std::uint32_t step = deque(worker).pop();
    if (step == no_step) step = take_shared(worker);
    for (int w = worker + 1; step == no_step && w < worker + workers_; ++w)
      step = deque(w % workers_).steal();
    return step;
  }

  struct Released {
    /// The first successor that became ready, for this worker to run.
    std::uint32_t next = no_step;
    bool others = false;  ///< whether more became ready and were queued
  };
  /// Records that this worker has finished the step.
  Released finish(int worker, std::uint32_t step) {
    Released released;
    for (const std::uint32_t s : topology_.successors(step)) {
      std::atomic<std::int32_t>& join = joins_[s];
      // The last predecessor need not decrement the counter: no other thread uses it any more.
      if (join.load(std::memory_order_acquire) != 1 &&
          join.fetch_sub(1, std::memory_order_acq_rel) != 1)
        continue;
      join.store(topology_.predecessors[s], std::memory_order_relaxed);  // for the next run
      if (released.next == no_step) {
        released.next = s;
      } else {
        if (!deque(worker).push(s)) shared_.push(s);
        released.others = true;
      }
    }
    return released;
  }

 private:
  /// Takes several steps of the shared stack at once, since workers contend for its top. All but
  /// the first go on the worker's own deque, from which others can steal them.
  std::uint32_t take_shared(int worker) {
    std::array<std::uint32_t, 16> steps;
    std::size_t taken = shared_.pop(steps);
    if (taken == 0) return no_step;
    while (--taken > 0)
      if (!deque(worker).push(steps[taken])) shared_.push(steps[taken]);
    return steps[0];
  }

  Deque& deque(int worker) { return deques_[static_cast<std::size_t>(worker)]; }

  const Topology& topology_;
  int workers_;
  std::unique_ptr<std::atomic<std::int32_t>[]> joins_;
  std::unique_ptr<Deque[]> deques_;
  SharedStack shared_;
};

}  // namespace dagrad::detail
