#pragma once

#include <memory>

namespace dagrad::detail {

/// The threads that oneTBB lends. Only its source file uses TBB. As TBB is not built for the thread
/// sanitizer, it is the callers' atomics that establish the order of events.
class ThreadPool {
 public:
  using Call = void (*)(void* context);

  /// Uses a new arena of this many threads, including callers; 0: one per core.
  explicit ThreadPool(int threads);
  /// Uses the arena that the calling thread is in.
  struct CurrentArena {};
  explicit ThreadPool(CurrentArena);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int threads() const { return threads_; }
  /// The most threads that TBB can lend besides the caller's: it may have fewer than were asked
  /// for, and has none in a forked process.
  int lendable() const;
  /// Whether the process was forked since TBB set up this arena, which means that its threads do
  /// not exist here.
  bool orphaned() const;
  /// Runs `call(context)` on a thread of the arena as soon as one is free. The call must not throw.
  void enqueue(Call call, void* context);

 private:
  struct Arena;
  int threads_;
  std::unique_ptr<Arena> arena_;
};

}  // namespace dagrad::detail
