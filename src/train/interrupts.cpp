#include "src/train/interrupts.hpp"

#include <atomic>
#include <csignal>
#include <mutex>

namespace dagrad::detail {

namespace {

/// A handler takes no argument, so what it notes is global.
struct SignalState {
  std::atomic<int> presses{0};
  std::mutex mutex;  ///< of the two members below, which the handler does not use
  int users = 0;
  bool installed = false;
};
SignalState signal_state;

extern "C" void note_interrupt(int signal) {
  if (signal_state.presses.fetch_add(1, std::memory_order_relaxed) == 0) return;
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

Interrupts::Interrupts(bool enabled) : enabled_(enabled) {
  if (!enabled_) return;
  const std::lock_guard lock(signal_state.mutex);
  if (++signal_state.users > 1) return;
  signal_state.presses.store(0, std::memory_order_relaxed);
  struct sigaction old {};
  signal_state.installed = sigaction(SIGINT, nullptr, &old) == 0 &&
                           (old.sa_flags & SA_SIGINFO) == 0 && old.sa_handler == SIG_DFL;
  if (!signal_state.installed) return;
  struct sigaction own {};
  own.sa_handler = note_interrupt;
  own.sa_flags = SA_RESTART;  // files are written as if nothing had happened
  sigemptyset(&own.sa_mask);
  signal_state.installed = sigaction(SIGINT, &own, nullptr) == 0;
}

Interrupts::~Interrupts() {
  if (!enabled_) return;
  const std::lock_guard lock(signal_state.mutex);
  if (--signal_state.users == 0 && signal_state.installed) std::signal(SIGINT, SIG_DFL);
}

bool Interrupts::pressed() const {
  return enabled_ && signal_state.presses.load(std::memory_order_relaxed) > 0;
}

}  // namespace dagrad::detail
