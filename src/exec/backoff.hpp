#pragma once

#include <chrono>
#include <thread>

namespace dagrad::detail {

/// Tells the processor that this thread is waiting for another.
inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits in ever longer steps: pauses for some microseconds, then yields the core, then sleeps, so
/// that a long wait does not keep a core busy.
class Backoff {
 public:
  void wait() {
    if (++turns_ < pauses) {
      pause();
    } else if (turns_ < pauses + yields) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
  void reset() { turns_ = 0; }
  bool long_idle() const { return turns_ >= pauses; }

 private:
  static constexpr int pauses = 100, yields = 500;
  int turns_ = 0;
};

}  // namespace dagrad::detail
