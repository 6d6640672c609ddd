#pragma once

#include <atomic>
#include <thread>
#include <vector>

#include "dagrad/parallel.hpp"

namespace dagrad::bench {

/// Threads that spin while they wait for tasks, so that dividing work costs them no more than the
/// cache lines that they exchange. The caller is one of them.
class Crew final : public Parallel {
 public:
  explicit Crew(int threads) {
    for (int i = 1; i < threads; ++i) helpers_.emplace_back([this] { help(); });
  }
  ~Crew() override {
    stop_.store(true, std::memory_order_relaxed);
    call_.fetch_add(1, std::memory_order_release);
    for (std::thread& helper : helpers_) helper.join();
  }
  int threads() const { return 1 + static_cast<int>(helpers_.size()); }

 protected:
  void run(std::int64_t tasks, Body body, const void* context) const override {
    tasks_ = tasks;
    body_ = body;
    context_ = context;
    next_.store(0, std::memory_order_relaxed);
    idle_.store(0, std::memory_order_relaxed);
    call_.fetch_add(1, std::memory_order_release);
    work();
    await([&] { return idle_.load(std::memory_order_acquire) == helpers_.size(); });
  }

 private:
  /// Spins; on a busy machine, it leaves the core to others from time to time.
  template <class Done>
  static void await(const Done& done) {
    for (int spins = 0; !done(); ++spins)
      if (spins > 20'000) std::this_thread::yield();
  }
  void work() const {
    for (std::int64_t task; (task = next_.fetch_add(1, std::memory_order_relaxed)) < tasks_;)
      body_(context_, task);
  }
  void help() const {
    for (unsigned call = 0;; ++call) {
      await([&] { return call_.load(std::memory_order_acquire) != call; });
      if (stop_.load(std::memory_order_relaxed)) return;
      work();
      idle_.fetch_add(1, std::memory_order_release);
    }
  }

  mutable std::int64_t tasks_ = 0;
  mutable Body body_ = nullptr;
  mutable const void* context_ = nullptr;
  mutable std::atomic<std::int64_t> next_ = 0;
  mutable std::atomic<std::size_t> idle_ = 0;
  mutable std::atomic<unsigned> call_ = 0;
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> helpers_;
};

}  // namespace dagrad::bench
