#include "src/exec/arrange.hpp"

#include <optional>
#include <utility>

#include "src/exec/memory.hpp"
#include "src/exec/tasks.hpp"

namespace dagrad::detail {

void arrange(Plan& plan) {
  const Lifetimes lifetimes(plan);
  std::optional<Tasks> tasks;
  if (plan.threads > 1) {
    tasks.emplace(plan, lifetimes);
    plan.estimate = tasks->estimate;
  }
  if (!tasks || !tasks->pay || suits_routines(plan, lifetimes)) {
    plan.threads = 1;
    plan.topology.reset();
    plan.tasks.clear();
    tasks.reset();
    place_for_one_thread(plan, lifetimes);
    return;
  }
  tasks->require(place_for_threads(plan, lifetimes, tasks->levels));
  plan.topology = make_topology(tasks->size(), tasks->dependencies);
  plan.tasks = std::move(tasks->first);
}

}  // namespace dagrad::detail
