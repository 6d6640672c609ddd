#include "tests/bench/round_trip.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/bench/bench.hpp"
#include "tests/bench/pin.hpp"

namespace dagrad::bench {

namespace {

constexpr int bursts = 40, trips = 200;  // a burst fits into a time slice of a busy machine

/// Waits for `value`, which the other thread stores.
void await(const std::atomic<int>& line, int value) {
  while (line.load(std::memory_order_acquire) != value) {
  }
}

}  // namespace

double round_trip() {
  if (std::thread::hardware_concurrency() < 2) return 0;
  alignas(128) std::atomic<int> line = 0;
  std::thread other([&] {
    const Pin pin(1);
    for (int i = 0; i < bursts * trips; ++i) {
      await(line, 2 * i + 1);
      line.store(2 * i + 2, std::memory_order_release);
    }
  });
  const Pin pin(0);
  double best = 1e9;
  for (int burst = 0, i = 0; burst < bursts; ++burst) {
    const double start = now();
    for (const int end = i + trips; i < end; ++i) {
      line.store(2 * i + 1, std::memory_order_release);
      await(line, 2 * i + 2);
    }
    best = std::min(best, 1e9 * (now() - start) / trips);
  }
  other.join();
  return best;
}

}  // namespace dagrad::bench
