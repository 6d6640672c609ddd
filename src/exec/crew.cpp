#include "src/exec/crew.hpp"

#include <algorithm>
#include <chrono>

#include "src/exec/backoff.hpp"

namespace dagrad::detail {

namespace {

constexpr auto linger = std::chrono::microseconds(100);

}  // namespace

Crew::~Crew() {
  closing_.store(true, std::memory_order_seq_cst);
  for (Backoff idle; here_.load(std::memory_order_acquire) != 0;) idle.wait();
}

void Crew::enqueue(int wanted) {
  for (int here = here_.load(std::memory_order_relaxed); here < wanted;) {
    if (!here_.compare_exchange_weak(here, here + 1, std::memory_order_acq_rel)) continue;
    try {
      pool_.enqueue([](void* crew) { static_cast<Crew*>(crew)->stay(); }, this);
    } catch (...) {  // no memory for a task: nobody comes, the caller does the work
      here_.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    ++here;
  }
}

// Runs on a thread that TBB lends. The first load orders it after the enqueue, the last store
// before the crew's end: nothing else that TBB does is seen by the thread sanitizer.
void Crew::stay() noexcept {
  here_.load(std::memory_order_acquire);
  using Clock = std::chrono::steady_clock;
  Clock::time_point until = Clock::now() + linger;
  for (Backoff idle; !closing_.load(std::memory_order_relaxed);) {
    if (help_somewhere()) {
      until = Clock::now() + linger;
      idle.reset();
    } else if (Clock::now() > until) {
      break;
    } else {
      idle.wait();
    }
  }
  here_.fetch_sub(1, std::memory_order_release);
}

bool Crew::help_somewhere() noexcept {
  bool helped = false;
  for (Place& place : board_) {
    if (place.work.load(std::memory_order_relaxed) == nullptr) continue;
    // Dekker with ~Posting: either it sees this helper inside, or this helper sees that the work is
    // gone.
    place.inside.fetch_add(1, std::memory_order_seq_cst);
    SharedWork* work = place.work.load(std::memory_order_seq_cst);
    if (work != nullptr) helped |= work->help();
    place.inside.fetch_sub(1, std::memory_order_release);
  }
  return helped;
}

Crew::Posting::Posting(Crew& crew, SharedWork& work) {
  for (Place& place : crew.board_) {
    SharedWork* none = nullptr;
    if (place.work.load(std::memory_order_relaxed) == nullptr &&
        place.work.compare_exchange_strong(none, &work, std::memory_order_seq_cst)) {
      place_ = &place;
      return;
    }
  }
}

Crew::Posting::~Posting() {
  if (place_ == nullptr) return;
  place_->work.store(nullptr, std::memory_order_seq_cst);
  for (Backoff idle; place_->inside.load(std::memory_order_seq_cst) != 0;) idle.wait();
}

}  // namespace dagrad::detail
