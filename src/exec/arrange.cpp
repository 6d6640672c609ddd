#include "src/exec/arrange.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "src/exec/memory.hpp"

namespace dagrad::detail {

namespace {

// Below this, handing a graph to other threads costs more than they save.
constexpr double worth_sharing = 40'000;  // nanoseconds in total
constexpr double handing_on = 40;  // extra nanoseconds per step if several threads run the plan
constexpr double least_gain = 1.2;

bool is_ordered(const Plan& plan, std::uint32_t step) {
  return plan.kernel_of(plan.steps[step]).op().traits().ordered;
}

/// What several threads would do with a plan, estimated before memory is placed.
struct Forecast {
  Forecast(const Plan& plan, const Lifetimes& lifetimes);

  std::vector<std::uint32_t> levels;  ///< length of the longest path to each step
  bool pays;                          ///< whether several threads save enough time
};

Forecast::Forecast(const Plan& plan, const Lifetimes& lifetimes) : levels(plan.steps.size(), 0) {
  std::vector<double> ready(plan.steps.size(), 0);  // earliest start of each step, in nanoseconds
  double total = 0, longest = 0, ordered_end = 0;
  std::uint32_t ordered_level = 0;  // the lowest level that the next ordered step can have
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    const bool ordered = is_ordered(plan, s);
    if (ordered) {
      levels[s] = std::max(levels[s], ordered_level);
      ready[s] = std::max(ready[s], ordered_end);
    }
    const Kernel& kernel = plan.kernel_of(plan.steps[s]);
    const double end =
        ready[s] + handing_on + kernel.cost() / (kernel.divides() ? plan.threads : 1);
    total += kernel.cost();
    longest = std::max(longest, end);
    if (ordered) {
      ordered_level = levels[s] + 1;
      ordered_end = end;
    }
    for (const std::uint32_t slot : plan.results_of(plan.steps[s])) {
      for (const std::uint32_t reader : lifetimes.readers(slot)) {
        levels[reader] = std::max(levels[reader], levels[s] + 1);
        ready[reader] = std::max(ready[reader], end);
      }
    }
  }
  const double handed_on = handing_on * static_cast<double>(plan.steps.size());
  const double shared = std::max(longest, (total + handed_on) / plan.threads);
  pays = total >= worth_sharing && total >= least_gain * shared;
}

/// Each step waits for those whose results it reads; an ordered step also waits for the ordered
/// step before it.
std::vector<Dependency> dependencies_of_steps(const Plan& plan, const Lifetimes& lifetimes) {
  std::vector<Dependency> dependencies;
  std::optional<std::uint32_t> last_ordered;
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    if (is_ordered(plan, s)) {
      if (last_ordered) dependencies.push_back({*last_ordered, s});
      last_ordered = s;
    }
    for (const std::uint32_t slot : plan.results_of(plan.steps[s]))
      for (const std::uint32_t reader : lifetimes.readers(slot))
        dependencies.push_back({s, reader});
  }
  return dependencies;
}

}  // namespace

void arrange(Plan& plan) {
  const Lifetimes lifetimes(plan);
  std::optional<Forecast> forecast;
  if (plan.threads > 1) forecast.emplace(plan, lifetimes);
  if (!forecast || !forecast->pays || suits_routines(plan, lifetimes)) {
    plan.threads = 1;
    forecast.reset();
    place_for_one_thread(plan, lifetimes);
    return;
  }
  std::vector<Dependency> dependencies = dependencies_of_steps(plan, lifetimes);
  const std::vector<Dependency> reuse = place_for_threads(plan, lifetimes, forecast->levels);
  dependencies.insert(dependencies.end(), reuse.begin(), reuse.end());
  plan.topology = make_topology(static_cast<std::uint32_t>(plan.steps.size()), dependencies);
}

}  // namespace dagrad::detail
