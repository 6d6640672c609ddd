#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

namespace dagrad::detail {

/// Ready steps of one worker: it pushes and pops at the bottom, others steal from the top (Chase
/// and Lev 2005; orders after Lê et al. 2013, with ordered accesses for their fences). Its size is
/// fixed.
class alignas(128) Deque {
 public:
  /// Only by its worker. False where it is full.
  bool push(std::uint32_t step) {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom - top_.load(std::memory_order_acquire) >= capacity) return false;
    at(bottom).store(step, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_release);
    return true;
  }
  /// Only by its worker.
  bool pop(std::uint32_t& step) {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
    // Empty is seen without a fence: only thieves move the top, and only up.
    if (bottom < top_.load(std::memory_order_relaxed)) return false;
    bottom_.store(bottom, std::memory_order_seq_cst);
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    bool got = top <= bottom;
    if (got) step = at(bottom).load(std::memory_order_relaxed);
    if (top >= bottom) {  // the last one: a thief may be at it
      if (top == bottom)
        got = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst);
      bottom_.store(bottom + 1, std::memory_order_release);
    }
    return got;
  }
  bool steal(std::uint32_t& step) {
    std::int64_t top = top_.load(std::memory_order_seq_cst);
    if (top >= bottom_.load(std::memory_order_seq_cst)) return false;
    step = at(top).load(std::memory_order_relaxed);
    return top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst);
  }
  /// While nobody else is there.
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

/// Ready steps that found no place in a deque, and those that a run begins with: a stack linked
/// through one word a step (Treiber 1986), so that any number fits and nothing is allocated in a
/// run.
class Backlog {
 public:
  explicit Backlog(std::uint32_t steps) : next_(new std::atomic<std::uint32_t>[steps]) {}

  void push(std::uint32_t step) {
    std::uint64_t head = head_.load(std::memory_order_relaxed);
    do {
      next_[step].store(below(head), std::memory_order_relaxed);
    } while (!head_.compare_exchange_weak(head, word(head, step), std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
  }
  bool pop(std::uint32_t& step) {
    std::uint64_t head = head_.load(std::memory_order_acquire);
    for (;;) {
      step = below(head);
      if (step == none) return false;
      const std::uint32_t under = next_[step].load(std::memory_order_relaxed);
      if (head_.compare_exchange_weak(head, word(head, under), std::memory_order_acq_rel,
                                      std::memory_order_acquire))
        return true;
    }
  }
  /// Holds just these, the first on top. While nobody else is there.
  void assign(std::span<const std::uint32_t> steps) {
    std::uint32_t under = none;
    for (std::size_t i = steps.size(); i-- > 0; under = steps[i])
      next_[steps[i]].store(under, std::memory_order_relaxed);
    head_.store(under, std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  static std::uint32_t below(std::uint64_t head) { return static_cast<std::uint32_t>(head); }
  /// A head that differs from every recent one, whatever step it names.
  static std::uint64_t word(std::uint64_t head, std::uint32_t step) {
    return ((head >> 32) + 1) << 32 | step;
  }

  std::unique_ptr<std::atomic<std::uint32_t>[]> next_;
  alignas(128) std::atomic<std::uint64_t> head_{none};
};

}  // namespace dagrad::detail
