#include "src/exec/pool.hpp"

#include <tbb/global_control.h>
#include <tbb/info.h>
#include <tbb/task_arena.h>

#include <algorithm>

namespace dagrad::detail {

namespace {

/// How many threads TBB runs at once in this process, by its own choice or the user's.
int limit() {
  using Control = tbb::global_control;
  const std::size_t threads = Control::active_value(Control::max_allowed_parallelism);
  return static_cast<int>(std::min<std::size_t>(threads, 1 << 16));
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
      arena_(new Arena{tbb::task_arena(tbb::attach())}) {
  arena_->arena.initialize();
}

ThreadPool::~ThreadPool() = default;

int ThreadPool::lendable() const { return std::min(limit(), arena_->arena.max_concurrency()) - 1; }

void ThreadPool::enqueue(Call call, void* context) {
  arena_->arena.enqueue([call, context] { call(context); });
}

}  // namespace dagrad::detail
