#pragma once

#include <atomic>
#include <memory>

#include "src/exec/board.hpp"
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

/// The pool's threads as helpers of all runs: called when there is work, they go from run to run
/// and linger for a while after the last work that they found, since waking a thread takes 20 to 60
/// µs and finding one that lingers 1 to 2. States 9 to 13 of the diagram in scheduler.hpp.
class Crew {
 public:
  explicit Crew(ThreadPool& pool) : pool_(pool), shared_(new Shared) {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  /// Waits until the helpers that have come are gone. One that was called and has not come may
  /// never do so, as TBB's threads may be at other work for ever: whenever it comes, it finds that
  /// the crew has ended.
  ~Crew();

  int threads() const { return pool_.threads(); }
  int lendable() const { return pool_.lendable(); }

  /// While the posting lives, helpers find the work.
  using Posting = Board<SharedWork>::Posting;
  Posting post(SharedWork& work) { return {shared_->runs, work}; }

  /// Sees to it that `wanted` helpers are here or on their way. Cheap where they are. A helper may
  /// be leaving at this moment: then the next call brings it back.
  void call(int wanted) {
    if (shared_->holders.load(std::memory_order_relaxed) <= wanted) enqueue(wanted);
  }

 private:
  /// What the crew and its helpers share. Each helper holds it from when it is called until it
  /// leaves, so that one that comes late finds it.
  struct Shared {
    std::atomic<int> holders{1};  ///< the crew, and helpers called or here
    std::atomic<int> here{0};     ///< helpers that have come
    std::atomic<bool> ended{false};
    Board<SharedWork> runs;

    void linger() noexcept;
  };
  struct LetGo {
    void operator()(Shared* shared) const noexcept;
  };
  using Hold = std::unique_ptr<Shared, LetGo>;

  void enqueue(int wanted);

  ThreadPool& pool_;
  Hold shared_;
};

}  // namespace dagrad::detail
