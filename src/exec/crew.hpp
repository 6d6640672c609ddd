#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "src/exec/pool.hpp"

namespace dagrad::detail {

/// A run in progress, seen by those who might help.
class SharedWork {
 public:
  /// Works while there is something to do. False where there was nothing.
  virtual bool help() noexcept = 0;

 protected:
  ~SharedWork() = default;
};

/// The pool's threads as helpers: called when there is work, they go from run to run, stay for a
/// while after the last work they found (waking a thread takes 20 to 60 µs, finding one that
/// lingers 1 to 2), and go back to TBB.
class Crew {
 public:
  explicit Crew(ThreadPool& pool) : pool_(pool), board_(new Board) {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  /// Waits until the helpers that have come in are gone. One that was called and has not come may
  /// never do so, as TBB's threads may be at other work for ever: if it comes, it finds the board,
  /// closed.
  ~Crew();

  int threads() const { return pool_.threads(); }
  int lendable() const { return pool_.lendable(); }

  /// Sees to it that `wanted` helpers are here or on their way. Cheap where they are. A helper may
  /// be leaving at this moment: then the next call brings it back.
  void call(int wanted) {
    if (board_->holders.load(std::memory_order_relaxed) <= wanted) enqueue(wanted);
  }

  /// Where a run is posted. It outlives the run, so that a helper that comes late finds nothing,
  /// safely.
  struct alignas(128) Place {
    std::atomic<SharedWork*> work{nullptr};
    std::atomic<int> inside{0};
  };
  /// While it lives, helpers find the work. There may be no place: then nobody comes.
  class [[nodiscard]] Posting {
   public:
    Posting(Crew& crew, SharedWork& work);
    Posting(const Posting&) = delete;
    Posting& operator=(const Posting&) = delete;
    /// Waits until the last helper has left the work.
    ~Posting();

   private:
    Place* place_ = nullptr;
  };

 private:
  /// All that helpers see. Each helper holds it, from when it is called until it leaves.
  struct Board {
    std::atomic<int> holders{1};  ///< the crew, and its helpers
    std::atomic<int> inside{0};   ///< helpers that have come in
    std::atomic<bool> closed{false};
    std::array<Place, 32> places;

    void stay() noexcept;
    bool help_somewhere() noexcept;
  };
  struct LetGo {
    void operator()(Board* board) const noexcept;
  };
  using Hold = std::unique_ptr<Board, LetGo>;

  void enqueue(int wanted);

  ThreadPool& pool_;
  Hold board_;
};

}  // namespace dagrad::detail
