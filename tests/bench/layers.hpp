#pragma once

#include <cstdint>
#include <functional>

namespace dagrad::bench {

/// Computes for a time that is proportional to `turns`, without memory.
inline void turn(std::int64_t turns) {
  std::uint64_t state = 1;
  for (std::int64_t i = 0; i < turns; ++i) {
    state = state * 3 + 1;
    asm volatile("" : "+r"(state));
  }
}

/// Runs layers of tasks in Taskflow, where each task computes for `turns` and waits for two of the
/// layer before; empty where its headers were not found.
std::function<void()> layers_in_taskflow(int threads, int layers, int width, std::int64_t turns);

}  // namespace dagrad::bench
