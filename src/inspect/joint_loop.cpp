#include "src/inspect/joint_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "src/passes/limits.hpp"

namespace dagrad::detail {

namespace {

/// So many steps are looked at to find a circle, so that a large plan is explained in a time that
/// is proportional to its size.
constexpr std::size_t most_visited = 1 << 12;

}  // namespace

JointLoop::JointLoop(const Plan& plan, const Lifetimes& lifetimes,
                     const std::vector<StepFormula>& formulas,
                     const std::unordered_set<std::uint32_t>& requested)
    : plan_(plan),
      lifetimes_(lifetimes),
      formulas_(formulas),
      requested_(requested),
      level_(plan.steps.size(), 0) {
  for (std::uint32_t step = 0; step < plan.steps.size(); ++step)
    each_producer(step, [&](std::uint32_t producer) {
      level_[step] = std::max(level_[step], level_[producer] + (fit(producer, step) ? 0 : 1));
    });
}

/// Goes back from `to` along operands, and notes for each step whether a step that does not fit
/// lies on the way.
std::optional<std::uint32_t> JointLoop::circle(std::uint32_t from, std::uint32_t to) const {
  struct Visit {
    std::uint32_t step, through;  ///< `no_step`: all fit so far
  };
  std::unordered_set<std::uint64_t> seen;
  std::vector<Visit> open{{to, no_step}};
  std::optional<std::uint32_t> found;
  while (!open.empty() && !found && seen.size() < most_visited) {
    const Visit now = open.back();
    open.pop_back();
    each_producer(now.step, [&](std::uint32_t producer) {
      std::uint32_t through = now.through;
      if (through == no_step && !fit(producer, now.step))
        through = now.step == to ? producer : now.step;
      if (producer == from) {
        if (through != no_step && now.step != to) found = through;
      } else if (producer > from &&
                 level_[producer] + (through != no_step ? 1 : 0) > level_[from]) {
        const std::uint64_t key = std::uint64_t{producer} << 1 | (through != no_step ? 1U : 0U);
        if (seen.insert(key).second) open.push_back({producer, through});
      }
    });
  }
  return found;
}

std::string JointLoop::excess(std::uint32_t step) const {
  std::unordered_set<std::uint32_t> members{step};
  each_producer(step, [&](std::uint32_t producer) {
    if (fit(producer, step) && !circle(producer, step)) members.insert(producer);
  });
  const std::int64_t elements = formulas_[step].shape.elements();
  std::uint32_t weight = 0;
  std::size_t results = 0, whole = 0;
  std::unordered_set<std::uint32_t> operands;
  for (const std::uint32_t member : members) {
    weight += weight_of(*formulas_[member].program);
    const Kernel& kernel = plan_.kernel_of(plan_.steps[member]);
    const auto slots = plan_.operands_of(plan_.steps[member]);
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (!formulas_[member].reads(slots[i]) || members.contains(lifetimes_.producer(slots[i])))
        continue;
      const bool number =
          kernel.in()[i].elements() == 1 && plan_.slots[slots[i]].home == Slot::Home::constant;
      if (!number && operands.insert(slots[i]).second)
        whole += kernel.in()[i].elements() >= elements ? 1 : 0;
    }
    const auto stored = plan_.results_of(plan_.steps[member]).first(kernel.out().size());
    results += static_cast<std::size_t>(std::ranges::count_if(stored, [&](std::uint32_t slot) {
      const auto leaves = [&](std::uint32_t reader) { return !members.contains(reader); };
      return requested_.contains(slot) || std::ranges::any_of(lifetimes_.readers(slot), leaves);
    }));
  }
  const LoopLimits limits = loop_limits(elements);
  if (operands.size() > limits.operands)
    return fmt::format("read {} values, and a loop reads at most {}", operands.size(),
                       limits.operands);
  if (whole > LoopLimits().operands)
    return fmt::format("read {} values of full size, and a loop reads at most {}", whole,
                       LoopLimits().operands);
  if (results > limits.results)
    return fmt::format("store {} results, and a loop stores at most {}", results, limits.results);
  if (weight > limits.weight)
    return fmt::format("take {} operations, and a loop takes at most {}", weight, limits.weight);
  return "";
}

std::optional<std::uint32_t> JointLoop::awaited(std::uint32_t from, std::uint32_t to) const {
  std::optional<std::uint32_t> last;
  each_producer(to, [&](std::uint32_t producer) {
    if (producer != from && (!fit(producer, to) || circle(producer, to)))
      last = std::max(last.value_or(0), producer);
  });
  return last;
}

}  // namespace dagrad::detail
