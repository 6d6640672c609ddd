#include "tests/bench/layers.hpp"
#ifdef DAGRAD_BENCH_TASKFLOW
#include <memory>
#include <taskflow/taskflow.hpp>
#include <vector>
#endif

namespace dagrad::bench {

#ifdef DAGRAD_BENCH_TASKFLOW
std::function<void()> layers_in_taskflow(int threads, int layers, int width, std::int64_t turns) {
  auto graph = std::make_shared<tf::Taskflow>();
  auto executor = std::make_shared<tf::Executor>(static_cast<std::size_t>(threads));
  const auto size = static_cast<std::size_t>(width);
  std::vector<tf::Task> before;
  for (int layer = 0; layer < layers; ++layer) {
    std::vector<tf::Task> tasks;
    for (std::size_t j = 0; j < size; ++j) {
      tasks.push_back(graph->emplace([turns] { turn(turns); }));
      if (before.empty()) continue;
      before[j].precede(tasks.back());
      before[(j + 1) % size].precede(tasks.back());
    }
    before = tasks;
  }
  return [graph, executor] { executor->run(*graph).wait(); };
}
#else
std::function<void()> layers_in_taskflow(int, int, int, std::int64_t) { return {}; }
#endif

}  // namespace dagrad::bench
