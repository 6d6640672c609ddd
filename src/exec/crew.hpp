#pragma once

#include <atomic>
#include <memory>

#include "src/exec/board.hpp"
#include "src/exec/pool.hpp"

namespace dagrad::detail {

/// A run in progress, as seen by helpers.
class SharedWork {
 public:
  /// Works as long as there is something to do. Returns false if there was nothing.
  virtual bool help() noexcept = 0;

 protected:
  ~SharedWork() = default;
};

/// Makes the pool's threads helpers of all runs. They are called when there is work, go from run to
/// run, and linger for a while after their last work, because waking a thread takes 20 to 60 µs but
/// reaching a lingering one takes only 1 to 2. See transitions 9 to 13 of the diagram in
/// scheduler.hpp.
class Crew {
  struct Shared;

 public:
  explicit Crew(ThreadPool& pool) : pool_(pool), shared_(new Shared) {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  /// Waits until the helpers that have come are gone. It does not wait for helpers that were called
  /// but have not come, as TBB's threads may be busy elsewhere for ever: if one does come, it finds
  /// that the crew has ended.
  ~Crew();

  int threads() const { return pool_.threads(); }
  int lendable() const { return pool_.lendable(); }

  /// Helpers can find the work while the posting exists.
  using Posting = Board<SharedWork>::Posting;
  Posting post(SharedWork& work) { return {shared_->runs, work}; }

  /// While it exists, helpers that are here do not return to TBB for lack of work.
  class [[nodiscard]] Stay {
   public:
    explicit Stay(Crew& crew) : shared_(*crew.shared_) {
      shared_.stays.fetch_add(1, std::memory_order_relaxed);
    }
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;
    ~Stay() { shared_.stays.fetch_sub(1, std::memory_order_relaxed); }

   private:
    Shared& shared_;
  };

  /// Ensures that `wanted` helpers are here or on their way; this is cheap if they are. A helper
  /// that is just leaving is counted as here: the next call brings it back.
  void call(int wanted) {
    if (shared_->holders.load(std::memory_order_relaxed) <= wanted) enqueue(wanted);
  }

 private:
  /// State shared by the crew and its helpers. Each helper holds it from the call until it leaves,
  /// so that a late one still finds it.
  struct Shared {
    std::atomic<int> holders{1};  ///< the crew and all helpers that are called or here
    std::atomic<int> here{0};     ///< number of helpers that have come
    std::atomic<int> stays{0};    ///< number of loops of runs that keep the helpers
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
