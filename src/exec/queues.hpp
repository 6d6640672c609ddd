#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "src/exec/topology.hpp"

namespace dagrad::detail {

/// A work-stealing deque of fixed size: its worker pushes and pops at the bottom, other workers
/// steal from the top (Chase and Lev 2005; memory orders after Lê et al. 2013, with sequentially
/// consistent accesses instead of their fences).
class alignas(128) Deque {
 public:
  /// Only its worker may call this. Returns false if the deque is full.
  bool push(std::uint32_t step) {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom - top_.load(std::memory_order_acquire) >= capacity) return false;
    at(bottom).store(step, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_release);
    return true;
  }
  /// Returns the step pushed last, or `no_step`. Only its worker may call this.
  std::uint32_t pop() {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
    // An empty deque is recognised without a fence: only thieves move the top, and only upwards.
    if (bottom < top_.load(std::memory_order_relaxed)) return no_step;
    bottom_.store(bottom, std::memory_order_seq_cst);
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top < bottom) return at(bottom).load(std::memory_order_relaxed);
    // At most one step is left, and a thief may be taking it.
    bool mine = top == bottom;
    if (mine) mine = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst);
    const std::uint32_t step = mine ? at(bottom).load(std::memory_order_relaxed) : no_step;
    bottom_.store(bottom + 1, std::memory_order_release);
    return step;
  }
  /// Returns the oldest step, or `no_step` if the deque is empty or another thread took the step
  /// first.
  std::uint32_t steal() {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top >= bottom_.load(std::memory_order_seq_cst)) return no_step;
    const std::uint32_t step = at(top).load(std::memory_order_relaxed);
    return top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst) ? step : no_step;
  }
  /// Only while no other thread uses the deque.
  void clear() {
    top_.store(0, std::memory_order_relaxed);
    bottom_.store(0, std::memory_order_relaxed);
  }

 private:
  static constexpr std::int64_t capacity = 256;
  std::atomic<std::uint32_t>& at(std::int64_t i) {
    return ring_[static_cast<std::size_t>(i & (capacity - 1))];
  }

  std::atomic<std::int64_t> top_{0};
  alignas(128) std::atomic<std::int64_t> bottom_{0};
  std::array<std::atomic<std::uint32_t>, capacity> ring_{};
};

/// A stack that all workers share, linked through one word per step (Treiber 1986), so that it
/// holds any number of steps without allocating during a run.
class SharedStack {
 public:
  explicit SharedStack(std::uint32_t steps) : below_(new std::atomic<std::uint32_t>[steps]) {}

  void push(std::uint32_t step) {
    std::uint64_t head = head_.load(std::memory_order_relaxed);
    do {
      below_[step].store(top(head), std::memory_order_relaxed);
    } while (!head_.compare_exchange_weak(head, moved(head, step), std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
  }
  /// Takes the steps pushed last, as many as there are and as fit, and returns their number. If the
  /// stack changes meanwhile, what was read below the top may be wrong, but so is then the head.
  std::size_t pop(std::span<std::uint32_t> steps) {
    std::uint64_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      std::size_t taken = 0;
      std::uint32_t step = top(head);
      for (; step != no_step && taken < steps.size(); ++taken) {
        steps[taken] = step;
        step = below_[step].load(std::memory_order_relaxed);
      }
      if (taken == 0 ||
          head_.compare_exchange_weak(head, moved(head, step), std::memory_order_acq_rel,
                                      std::memory_order_acquire))
        return taken;
    }
  }
  /// Replaces the contents with these steps, the first on top. Only while no other thread uses the
  /// stack.
  void assign(std::span<const std::uint32_t> steps) {
    std::uint32_t below = no_step;
    for (std::size_t i = steps.size(); i-- > 0; below = steps[i])
      below_[steps[i]].store(below, std::memory_order_relaxed);
    head_.store(below, std::memory_order_relaxed);
  }

 private:
  // A head combines the step on top with a count of changes in the upper bits. This makes every
  // head differ from all recent ones and so avoids the ABA problem.
  static std::uint32_t top(std::uint64_t head) { return static_cast<std::uint32_t>(head); }
  static std::uint64_t moved(std::uint64_t head, std::uint32_t step) {
    return ((head >> 32) + 1) << 32 | step;
  }

  std::unique_ptr<std::atomic<std::uint32_t>[]> below_;
  alignas(128) std::atomic<std::uint64_t> head_{no_step};
};

}  // namespace dagrad::detail
