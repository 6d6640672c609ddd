#include "src/exec/crew.hpp"

#include <chrono>

#include "src/exec/backoff.hpp"

// A function of the leak checker, null in programs without one. The checker does not search TBB's
// memory, in which helpers that were called hold the shared state.
extern "C" [[gnu::weak]] void __lsan_ignore_object(const void*);  // NOLINT: the name is its own

namespace dagrad::detail {

Crew::~Crew() {
  // As in Dekker's algorithm with `linger`: a helper that comes from now on leaves without looking
  // at the runs.
  shared_->ended.store(true, std::memory_order_seq_cst);
  if (!pool_.orphaned()) {  // after a fork, the helpers stayed in the parent process
    for (Backoff idle; shared_->here.load(std::memory_order_seq_cst) != 0;) idle.wait();
  }
  const bool held = shared_->holders.load(std::memory_order_relaxed) > 1;
  if (held && __lsan_ignore_object != nullptr) __lsan_ignore_object(shared_.get());
}

void Crew::LetGo::operator()(Shared* shared) const noexcept {
  if (shared->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete shared;
}

void Crew::enqueue(int wanted) {
  std::atomic<int>& holders = shared_->holders;
  for (int now = holders.load(std::memory_order_relaxed); now <= wanted;) {
    if (!holders.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel)) continue;
    try {
      pool_.enqueue([](void* shared) { Hold(static_cast<Shared*>(shared))->linger(); },
                    shared_.get());
    } catch (...) {  // no memory for a task: the caller works without the helper
      holders.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    ++now;
  }
}

// Runs on a thread that TBB lends. The first load orders it after the enqueue and the last store
// before the end of the crew; the thread sanitizer sees nothing else of what TBB does.
void Crew::Shared::linger() noexcept {
  constexpr auto patience = std::chrono::microseconds(100);
  using Clock = std::chrono::steady_clock;
  holders.load(std::memory_order_acquire);
  here.fetch_add(1, std::memory_order_seq_cst);
  Clock::time_point until = Clock::now() + patience;
  for (Backoff idle; !ended.load(std::memory_order_seq_cst);) {
    if (runs.visit([](SharedWork& run) { return run.help(); })) {
      until = Clock::now() + patience;
      idle.reset();
    } else if (Clock::now() > until && stays.load(std::memory_order_relaxed) == 0) {
      break;
    } else {
      idle.wait();
    }
  }
  here.fetch_sub(1, std::memory_order_release);
}

}  // namespace dagrad::detail
