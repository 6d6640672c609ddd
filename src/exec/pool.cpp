#include "src/exec/pool.hpp"

#include <pthread.h>
#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>

namespace dagrad::detail {

namespace {

/// How many threads TBB may run at once in this process, by default or as set by the user.
int limit() {
  using Control = tbb::global_control;
  const std::size_t threads = Control::active_value(Control::max_allowed_parallelism);
  return static_cast<int>(std::min<std::size_t>(threads, 1 << 16));
}

/// Whether this process was forked from one in which TBB was at work. TBB's threads do not exist
/// here, and its locks are in whatever state they left them, so nothing may take such a lock. Every
/// run asks this, so it makes no system call.
bool forked() {
  static std::atomic<bool> child{false};
  static const int watched =
      pthread_atfork(nullptr, nullptr, [] { child.store(true, std::memory_order_relaxed); });
  static_cast<void>(watched);
  return child.load(std::memory_order_relaxed);
}

}  // namespace

struct ThreadPool::Arena {
  tbb::task_arena arena;
};

ThreadPool::ThreadPool(int threads)
    : threads_(threads > 0 ? threads : tbb::info::default_concurrency()),
      arena_(new Arena{tbb::task_arena(std::min(threads_, limit()))}) {}

ThreadPool::ThreadPool(CurrentArena)
    : threads_(tbb::this_task_arena::max_concurrency()),
      arena_(forked() ? new Arena{tbb::task_arena(threads_)}
                      : new Arena{tbb::task_arena(tbb::attach())}) {
  if (!forked()) arena_->arena.initialize();
}

ThreadPool::~ThreadPool() {
  if (orphaned()) static_cast<void>(arena_.release());  // its destructor would take TBB's locks
}

bool ThreadPool::orphaned() const { return arena_->arena.is_active() && forked(); }

int ThreadPool::lendable() const {
  return forked() ? 0 : std::min(limit(), arena_->arena.max_concurrency()) - 1;
}

void ThreadPool::enqueue(Call call, void* context) {
  arena_->arena.enqueue([call, context] { call(context); });
}

}  // namespace dagrad::detail
