#pragma once

#include <array>
#include <atomic>

#include "src/exec/backoff.hpp"

namespace dagrad::detail {

/// A place to post work that idle threads can help with. The board outlives the work, so a visitor
/// that comes too late safely finds nothing.
template <class Work>
class Board {
  struct Place;

 public:
  /// Visitors can find the work while the posting exists. If the board is full, the work is not
  /// posted and has no visitors.
  class [[nodiscard]] Posting {
   public:
    Posting(Board& board, Work& work);
    Posting(const Posting&) = delete;
    Posting& operator=(const Posting&) = delete;
    /// Waits until the last visitor has left the work.
    ~Posting();
    bool posted() const { return place_ != nullptr; }

   private:
    Board& board_;
    Place* place_;
  };

  /// Calls `help` with each piece of work that is posted. Returns whether any call returned true.
  template <class Help>
  bool visit(const Help& help);

 private:
  struct alignas(128) Place {
    std::atomic<bool> taken{false};
    std::atomic<Work*> work{nullptr};
    std::atomic<int> inside{0};  ///< number of visitors
  };
  Place* take_place();

  std::array<Place, 32> places_;
  std::atomic<int> posted_{0};  ///< lets `visit` recognise an empty board at once
};

template <class Work>
typename Board<Work>::Place* Board<Work>::take_place() {
  for (Place& place : places_)
    if (!place.taken.load(std::memory_order_relaxed) &&
        !place.taken.exchange(true, std::memory_order_acquire))
      return &place;
  return nullptr;
}

template <class Work>
Board<Work>::Posting::Posting(Board& board, Work& work)
    : board_(board), place_(board.take_place()) {
  if (place_ == nullptr) return;
  place_->work.store(&work, std::memory_order_seq_cst);
  board_.posted_.fetch_add(1, std::memory_order_release);
}

template <class Work>
Board<Work>::Posting::~Posting() {
  if (place_ == nullptr) return;
  board_.posted_.fetch_sub(1, std::memory_order_relaxed);
  // As in Dekker's algorithm, either this sees the visitor inside, or `visit` sees that the work is
  // gone. The place is freed only afterwards: otherwise this would also wait for visitors of other
  // work, which may in turn wait for this.
  place_->work.store(nullptr, std::memory_order_seq_cst);
  for (Backoff idle; place_->inside.load(std::memory_order_seq_cst) != 0;) idle.wait();
  place_->taken.store(false, std::memory_order_release);
}

template <class Work>
template <class Help>
bool Board<Work>::visit(const Help& help) {
  if (posted_.load(std::memory_order_acquire) == 0) return false;
  bool helped = false;
  for (Place& place : places_) {
    if (place.work.load(std::memory_order_relaxed) == nullptr) continue;
    place.inside.fetch_add(1, std::memory_order_seq_cst);
    if (Work* const work = place.work.load(std::memory_order_seq_cst)) helped |= help(*work);
    place.inside.fetch_sub(1, std::memory_order_release);
  }
  return helped;
}

}  // namespace dagrad::detail
