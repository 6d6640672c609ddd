#pragma once

#include <chrono>
#include <thread>

namespace dagrad::detail {

/// Tells the processor that this thread waits for another.
inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waiting, ever more patiently: some microseconds of pauses, then the core goes to whoever wants
/// it, then naps, so that nobody burns a core while another thread computes for long.
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
