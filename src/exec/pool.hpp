#pragma once

#include <memory>

namespace dagrad::detail {

/// The threads that oneTBB lends. Its source is the one file that knows TBB, which is not built for
/// the thread sanitizer: what happens before what is said by the atomics of those who call it.
class ThreadPool {
 public:
  using Call = void (*)(void* context);

  /// An arena of that many threads, callers among them; 0: one a core.
  explicit ThreadPool(int threads);
  /// The arena that the calling thread is in.
  struct CurrentArena {};
  explicit ThreadPool(CurrentArena);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  int threads() const { return threads_; }
  /// How many threads beside a caller's TBB lends at most: it may have fewer than were asked for,
  /// and none in a forked process.
  int lendable() const;
  /// Whether TBB had this arena in hand when the process was forked: its threads stayed behind.
  bool orphaned() const;
  /// Runs `call(context)` on a thread of the arena, soon. It must not throw.
  void enqueue(Call call, void* context);

 private:
  struct Arena;
  int threads_;
  std::unique_ptr<Arena> arena_;
};

}  // namespace dagrad::detail
