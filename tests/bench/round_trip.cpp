#include "tests/bench/round_trip.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

constexpr int bursts = 40, trips = 200;  // a burst fits into a time slice of a busy machine

void pin(unsigned core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

/// Waits for `value`, which the other thread stores.
void await(const std::atomic<int>& line, int value) {
  while (line.load(std::memory_order_acquire) != value) {
  }
}

}  // namespace

double round_trip() {
  if (std::thread::hardware_concurrency() < 2) return 0;
  cpu_set_t before;
  pthread_getaffinity_np(pthread_self(), sizeof before, &before);
  alignas(128) std::atomic<int> line = 0;
  std::thread other([&] {
    pin(1);
    for (int i = 0; i < bursts * trips; ++i) {
      await(line, 2 * i + 1);
      line.store(2 * i + 2, std::memory_order_release);
    }
  });
  pin(0);
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
  pthread_setaffinity_np(pthread_self(), sizeof before, &before);
  return best;
}

}  // namespace dagrad::bench
