#include "tests/exec/tbb_tasks.hpp"

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace dagrad::test {

namespace {

int workers() {
  using Control = tbb::global_control;
  return static_cast<int>(Control::active_value(Control::max_allowed_parallelism)) - 1;
}

void nap() { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }

}  // namespace

void run_tasks(int threads, int n, void (*call)(void* context), void* context) {
  const auto all = [&] { tbb::parallel_for(0, n, [&](int) { call(context); }); };
  if (threads == 0) return all();
  tbb::task_arena(threads).execute(all);
}

struct Busy::Tasks {
  std::atomic<int> started{0}, ended{0};
  std::atomic<bool> over{false};
  tbb::task_arena arena{std::max(2, workers() + 1)};
};

Busy::Busy() : tasks_(new Tasks) {
  Tasks& tasks = *tasks_;
  for (int i = 0; i < workers(); ++i) {
    tasks.arena.enqueue([&tasks] {
      tasks.started.fetch_add(1);
      while (!tasks.over) nap();
      tasks.ended.fetch_add(1);
    });
  }
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (tasks.started < workers() && std::chrono::steady_clock::now() < until) nap();
}

Busy::~Busy() {
  tasks_->over = true;
  while (tasks_->ended < workers()) nap();
}

}  // namespace dagrad::test
