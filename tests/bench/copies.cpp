#include "tests/bench/copies.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "tests/bench/pin.hpp"

namespace dagrad::bench {

namespace {

/// Threads that run steps again and again, each on a core of its own, until they are destroyed.
class Others {
 public:
  explicit Others(const std::vector<std::function<void()>>& steps) {
    for (const auto& step : steps)
      threads_.emplace_back([this, step, core = static_cast<int>(threads_.size()) + 1] {
        const Pin pin(core);
        while (!stop_.load(std::memory_order_relaxed)) step();
      });
  }
  ~Others() {
    stop_.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

Times copies_at_once(const Settings& settings, const std::function<std::function<void()>()>& copy) {
  const std::function<void()> step = copy();
  std::vector<std::function<void()>> rest;
  for (int i = 1; i < settings.threads; ++i) rest.push_back(copy());
  const Pin pin(0);
  const Others others(rest);
  const Times times = measure(settings.seconds / 3, 0, step);
  return {times.first / settings.threads, times.min / settings.threads,
          times.median / settings.threads};
}

}  // namespace dagrad::bench
