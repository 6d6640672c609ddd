#include "src/exec/crew.hpp"

#include <algorithm>
#include <chrono>

#include "src/exec/backoff.hpp"

// Of the leak checker, where the program has one. It does not search TBB's memory, in which helpers
// that were called hold the board.
extern "C" [[gnu::weak]] void __lsan_ignore_object(const void*);  // NOLINT: the name is its own

namespace dagrad::detail {

namespace {

constexpr auto linger = std::chrono::microseconds(100);

}  // namespace

Crew::~Crew() {
  // Dekker with stay: a helper that comes in from now on leaves without a look at the places.
  board_->closed.store(true, std::memory_order_seq_cst);
  if (!pool_.orphaned()) {  // else those inside stayed in the parent process
    for (Backoff idle; board_->inside.load(std::memory_order_seq_cst) != 0;) idle.wait();
  }
  const bool held = board_->holders.load(std::memory_order_relaxed) > 1;
  if (held && __lsan_ignore_object != nullptr) __lsan_ignore_object(board_.get());
}

void Crew::LetGo::operator()(Board* board) const noexcept {
  if (board->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete board;
}

void Crew::enqueue(int wanted) {
  for (int holders = board_->holders.load(std::memory_order_relaxed); holders <= wanted;) {
    if (!board_->holders.compare_exchange_weak(holders, holders + 1, std::memory_order_acq_rel))
      continue;
    try {
      pool_.enqueue([](void* board) { Hold(static_cast<Board*>(board))->stay(); }, board_.get());
    } catch (...) {  // no memory for a task: nobody comes, the caller does the work
      board_->holders.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    ++holders;
  }
}

// Runs on a thread that TBB lends. The first load orders it after the enqueue, the last store
// before the crew's end: nothing else that TBB does is seen by the thread sanitizer.
void Crew::Board::stay() noexcept {
  holders.load(std::memory_order_acquire);
  inside.fetch_add(1, std::memory_order_seq_cst);
  using Clock = std::chrono::steady_clock;
  Clock::time_point until = Clock::now() + linger;
  for (Backoff idle; !closed.load(std::memory_order_seq_cst);) {
    if (help_somewhere()) {
      until = Clock::now() + linger;
      idle.reset();
    } else if (Clock::now() > until) {
      break;
    } else {
      idle.wait();
    }
  }
  inside.fetch_sub(1, std::memory_order_release);
}

bool Crew::Board::help_somewhere() noexcept {
  bool helped = false;
  for (Place& place : places) {
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
  for (Place& place : crew.board_->places) {
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
