#include "src/exec/arrange.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "src/exec/memory.hpp"
#include "src/exec/overwriting.hpp"
#include "src/exec/tasks.hpp"

namespace dagrad::detail {

namespace {

/// Gives no memory to optional results that nothing reads. Observers read all results.
void leave_out_unused(Plan& plan, const Lifetimes& lifetimes) {
  const auto leaves_out = [](const auto& kernel) { return kernel->leaves_out(); };
  if (plan.observer != nullptr || std::ranges::none_of(plan.kernels, leaves_out)) return;
  for (const Step& step : plan.steps) {
    const Kernel& kernel = plan.kernel_of(step);
    if (!kernel.leaves_out()) continue;
    for (std::size_t i = 0; i < kernel.out().size(); ++i) {
      const std::uint32_t slot = plan.results_of(step)[i];
      if (kernel.op().traits().is_optional(i) && plan.slots[slot].home == Slot::Home::arena &&
          lifetimes.readers(slot).empty())
        plan.slots[slot] = {Slot::Home::nowhere, 0};
    }
  }
}

}  // namespace

void arrange(Plan& plan) {
  const Lifetimes lifetimes(plan);
  leave_out_unused(plan, lifetimes);
  put_into_outputs(plan, lifetimes);
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
