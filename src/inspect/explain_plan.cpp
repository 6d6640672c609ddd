#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <span>
#include <utility>

#include "dagrad/explain.hpp"
#include "src/exec/compiled.hpp"
#include "src/exec/lifetimes.hpp"
#include "src/graph/told_at.hpp"
#include "src/inspect/routine_reasons.hpp"
#include "src/inspect/why_apart.hpp"
#include "src/io/text_table.hpp"
#include "src/io/units.hpp"
#include "src/tensor/list_text.hpp"

namespace dagrad {

namespace {

using detail::no_slot;
using detail::Plan;
using detail::Slot;
using detail::with_unit;

/// Reads an explanation from a plan.
class Explaining {
 public:
  explicit Explaining(const Plan& plan)
      : plan_(plan), lifetimes_(plan), why_apart_(plan, lifetimes_) {}

  PlanExplanation explain() const {
    PlanExplanation all;
    all.passes = plan_.passes;
    all.arena_bytes = plan_.arena_bytes;
    all.threads = plan_.threads;
    all.why_threads = why_threads();
    for (std::uint32_t step = 0; step < plan_.steps.size(); ++step) {
      all.steps.push_back(step_of(step));
      add_values(step, all.values);
    }
    explain_routines(plan_, lifetimes_, all);
    add_transfers(all);
    find_peak(all);
    // The parts of a value that is joined or divided may lie in the memory of the whole.
    all.most_bytes = std::min(all.most_bytes, plan_.arena_bytes);
    std::stable_sort(all.transfers.begin(), all.transfers.end(),
                     [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    std::stable_sort(all.values.begin(), all.values.end(),
                     [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
    for (std::uint32_t i = 0; i < plan_.alias_slots.size(); ++i)
      all.aliases.push_back({plan_.alias_origins.name(i), value_name(plan_.alias_slots[i])});
    return all;
  }

 private:
  bool in_arena(std::uint32_t slot) const {
    return slot != no_slot && plan_.slots[slot].home == Slot::Home::arena;
  }

  PlannedStep step_of(std::uint32_t step) const {
    const detail::Kernel& kernel = plan_.kernel_of(plan_.steps[step]);
    return {plan_.origins.name(step),   std::string(kernel.op().name()),
            plan_.origins.merged(step), kernel.op().traits().elementwise,
            overwritten(step),          kernel.cost() * 1e-9,
            kernel.divides(),           ""};
  }

  std::string overwritten(std::uint32_t step) const {
    const detail::Kernel& kernel = plan_.kernel_of(plan_.steps[step]);
    if (kernel.out().empty() || kernel.out()[0].bytes() == 0 || kernel.parts() != nullptr)
      return "";
    const Slot result = plan_.slots[plan_.results_of(plan_.steps[step])[0]];
    if (result.home != Slot::Home::arena && result.home != Slot::Home::output) return "";
    for (const std::uint32_t operand : plan_.operands_of(plan_.steps[step]))
      if (operand != no_slot && plan_.slots[operand].home == result.home &&
          plan_.slots[operand].at == result.at)
        return value_name(operand);
    return "";
  }

  /// The name of the value that a slot holds first.
  std::string value_name(std::uint32_t slot) const {
    const std::uint64_t at = plan_.slots[slot].at;
    switch (plan_.slots[slot].home) {
      case Slot::Home::input:
        return std::string(plan_.input_names[at]);
      case Slot::Home::parameter:
        return std::string(plan_.parameter_names[at]);
      case Slot::Home::constant:
        return fmt::format("constant {}", at);
      default:
        break;
    }
    const std::uint32_t step = lifetimes_.producer(slot);
    const auto results = plan_.results_of(plan_.steps[step]);
    const auto port = std::find(results.begin(), results.end(), slot) - results.begin();
    const std::string name = plan_.origins.name(step);
    return port == 0 ? name : fmt::format("{}:{}", name, port);
  }

  void add_values(std::uint32_t step, std::vector<PlannedValue>& values) const {
    const detail::Kernel& kernel = plan_.kernel_of(plan_.steps[step]);
    const auto results = plan_.results_of(plan_.steps[step]);
    for (std::size_t i = 0; i < kernel.out().size(); ++i)
      if (in_arena(results[i]))
        values.push_back({value_name(results[i]), kernel.out()[i], kernel.out()[i].bytes(), step,
                          lifetimes_.last(results[i]), plan_.slots[results[i]].at});
    if (kernel.scratch() > 0)
      values.push_back({plan_.origins.name(step) + " (scratch memory)",
                        {DType::uint8, {static_cast<std::int64_t>(kernel.scratch())}},
                        kernel.scratch(),
                        step,
                        step,
                        plan_.slots[results[kernel.out().size()]].at});
  }

  /// Values that are read in the routine that computes them stay in registers.
  void add_transfers(PlanExplanation& all) const {
    auto routine = all.routines.begin();
    for (std::uint32_t step = 0; step < plan_.steps.size(); ++step) {
      while (routine != all.routines.end() && routine->end <= step) ++routine;
      const bool in_routine = routine != all.routines.end() && routine->begin <= step;
      add_transfers(step, in_routine ? routine->end : step, all.transfers);
    }
  }

  /// Those from a step to others from `first` on.
  void add_transfers(std::uint32_t step, std::size_t first,
                     std::vector<PlannedTransfer>& transfers) const {
    const detail::Kernel& kernel = plan_.kernel_of(plan_.steps[step]);
    const auto results = plan_.results_of(plan_.steps[step]);
    for (std::size_t i = 0; i < kernel.out().size(); ++i)
      for (const std::uint32_t reader : lifetimes_.readers(results[i])) {
        if (reader < first) continue;
        if (std::optional<std::string> why = why_apart_(step, i, reader))
          transfers.push_back({plan_.origins.name(step), plan_.origins.name(reader),
                               kernel.out()[i].bytes(), *std::move(why)});
      }
  }

  /// The step at which the values need the most memory, if steps run in order.
  static void find_peak(PlanExplanation& all) {
    std::vector<std::size_t> born(all.steps.size()), dead(all.steps.size()),
        reused(all.steps.size());
    for (const PlannedValue& value : all.values) {
      const PlannedStep& by = all.steps[value.first];
      born[value.first] += value.bytes;
      dead[value.last] += value.bytes;
      if (!by.overwrites.empty() && value.name == by.name) reused[value.first] = value.bytes;
    }
    std::size_t alive = 0;
    for (std::size_t step = 0; step < all.steps.size(); ++step) {
      alive += born[step];
      if (alive - reused[step] > all.most_bytes) {
        all.most_bytes = alive - reused[step];
        all.fullest_step = step;
      }
      alive -= dead[step];
    }
  }

  std::string why_threads() const {
    const detail::SharingEstimate& estimate = plan_.estimate;
    const std::string work = with_unit(estimate.alone * 1e-9, "s");
    if (estimate.threads == 1)
      return "More threads are not allowed, or the pool does not have them.";
    const std::string shared =
        fmt::format("an estimated {} on one thread, and {} on {}", work,
                    with_unit(estimate.shared * 1e-9, "s"), estimate.threads);
    return plan_.threads > 1 ? fmt::format("Several threads pay: {}.", shared)
                             : fmt::format("One thread is enough: {}.", shared);
  }

  const Plan& plan_;
  const detail::Lifetimes lifetimes_;
  const detail::WhyApart why_apart_;
};

using Lines = std::vector<std::vector<std::string>>;

/// A heading and a table, unless that is empty.
std::string section(const std::string& heading, const Lines& lines, std::size_t rows) {
  if (lines.empty()) return "";
  Lines first(lines.begin(),
              lines.begin() + static_cast<std::ptrdiff_t>(std::min(rows, lines.size())));
  for (auto& line : first) line.front() = "  " + line.front();
  std::string text = "\n" + heading + "\n" + detail::text_table(first);
  if (first.size() < lines.size()) text += fmt::format("  … and {} more\n", lines.size() - rows);
  return text;
}

Lines pass_lines(const PlanExplanation& plan) {
  Lines lines;
  for (const PlannedPass& pass : plan.passes) {
    std::vector<std::string> rules;
    for (const auto& [rule, count] : pass.rules)
      rules.push_back(fmt::format("{} × {}", count, rule));
    lines.push_back({pass.pass, fmt::format("{}", pass.before), "to",
                     fmt::format("{} nodes", pass.after), detail::list_text(rules)});
  }
  return lines;
}

Lines merged_lines(const PlanExplanation& plan) {
  Lines lines;
  for (const PlannedStep& step : plan.steps)
    if (step.merged.size() > 1)
      lines.push_back({fmt::format("{} = {} of {} nodes: {}", step.name, step.op,
                                   step.merged.size(), detail::list_text(step.merged))});
  return lines;
}

/// Some of these names: "a, b and 3 more".
std::string some(const std::vector<std::string>& names, std::size_t most) {
  if (names.size() <= most) return detail::list_text(names);
  return fmt::format("{} and {} more", detail::list_text(std::span(names).first(most)),
                     names.size() - most);
}

Lines routine_lines(const PlanExplanation& plan) {
  constexpr std::size_t most_names = 8;
  Lines lines;
  for (const PlannedRoutine& routine : plan.routines) {
    std::vector<std::string> names;
    for (std::size_t step = routine.begin; step < routine.end; ++step)
      names.push_back(plan.steps[step].name);
    lines.push_back({fmt::format("steps {} to {}: {}", routine.begin, routine.end - 1,
                                 some(names, most_names))});
  }
  return lines;
}

/// The reasons for which most steps are in no routine come first.
Lines alone_lines(const PlanExplanation& plan) {
  constexpr std::size_t most_names = 4;
  std::vector<std::pair<std::string, std::vector<std::string>>> by_reason;
  for (const PlannedStep& step : plan.steps) {
    if (step.why_alone.empty()) continue;
    auto at = std::find_if(by_reason.begin(), by_reason.end(),
                           [&](const auto& reason) { return reason.first == step.why_alone; });
    if (at == by_reason.end()) at = by_reason.insert(at, {step.why_alone, {}});
    at->second.push_back(step.name);
  }
  std::stable_sort(by_reason.begin(), by_reason.end(),
                   [](const auto& a, const auto& b) { return a.second.size() > b.second.size(); });
  Lines lines;
  for (const auto& [reason, names] : by_reason)
    lines.push_back({fmt::format("{} × {}: {}", names.size(), reason, some(names, most_names))});
  return lines;
}

std::string routines_text(const PlanExplanation& plan) {
  if (!plan.why_no_routines.empty()) return "No steps run as one routine. " + plan.why_no_routines;
  if (plan.routines.empty()) return "No steps run as one routine.";
  std::size_t steps = 0;
  for (const PlannedRoutine& routine : plan.routines) steps += routine.end - routine.begin;
  return fmt::format(
      "{} steps run as {}.", steps,
      plan.routines.size() == 1 ? "one routine" : fmt::format("{} routines", plan.routines.size()));
}

Lines value_lines(const PlanExplanation& plan) {
  Lines lines;
  for (const PlannedValue& value : plan.values)
    lines.push_back(
        {value.name, to_string(value.type), with_unit(static_cast<double>(value.bytes), "B"),
         value.first == value.last ? fmt::format("step {}", value.first)
                                   : fmt::format("steps {} to {}", value.first, value.last)});
  return lines;
}

Lines transfer_lines(const PlanExplanation& plan) {
  Lines lines;
  for (const PlannedTransfer& transfer : plan.transfers)
    lines.push_back(
        {fmt::format("{} to {}, {}: {}", transfer.from, transfer.to,
                     with_unit(static_cast<double>(transfer.bytes), "B"), transfer.why)});
  return lines;
}

Lines overwriting_lines(const PlanExplanation& plan) {
  Lines lines;
  for (const PlannedStep& step : plan.steps)
    if (!step.overwrites.empty())
      lines.push_back({fmt::format("{} is written over {}", step.name, step.overwrites)});
  return lines;
}

Lines alias_lines(const PlanExplanation& plan) {
  Lines lines;
  for (const PlannedAlias& alias : plan.aliases)
    lines.push_back({fmt::format("{} shares the memory of {}", alias.node, alias.value)});
  return lines;
}

/// The slowest steps first, by their estimates.
Lines thread_lines(const PlanExplanation& plan) {
  std::vector<const PlannedStep*> steps;
  for (const PlannedStep& step : plan.steps) steps.push_back(&step);
  std::stable_sort(steps.begin(), steps.end(), [](const PlannedStep* a, const PlannedStep* b) {
    return a->estimate > b->estimate;
  });
  Lines lines;
  for (const PlannedStep* step : steps)
    lines.push_back({step->name, step->op, with_unit(step->estimate, "s"),
                     step->divides ? "may be divided" : "too little work to divide"});
  return lines;
}

}  // namespace

PlanExplanation explain_plan(const Function& function, Location where) {
  return detail::told_at(where, [&] {
    return Explaining(detail::FunctionAccess::compiled(function).plan()).explain();
  });
}

std::string to_string(const PlanExplanation& plan, std::size_t rows) {
  const auto loops = std::count_if(plan.steps.begin(), plan.steps.end(),
                                   [](const PlannedStep& step) { return step.loop; });
  const auto bytes = [](std::size_t size) { return with_unit(static_cast<double>(size), "B"); };
  std::string text = fmt::format(
      "{} steps, of which {} are elementwise loops, on {}. {}\n", plan.steps.size(), loops,
      plan.threads == 1 ? "one thread" : fmt::format("up to {} threads", plan.threads),
      plan.why_threads);
  text += fmt::format("The arena has {}. At most {} are needed at once, at step {}.\n",
                      bytes(plan.arena_bytes), bytes(plan.most_bytes), plan.fullest_step);
  text += routines_text(plan) + "\n";
  text += section("Passes", pass_lines(plan), rows);
  text += section("Nodes that were merged", merged_lines(plan), rows);
  text += section("Steps that run as one routine", routine_lines(plan), rows);
  text += section("Steps that are in no routine", alone_lines(plan), rows);
  text += section("Values in the arena, the largest first", value_lines(plan), rows);
  text += section("Values that go through memory, the largest first", transfer_lines(plan), rows);
  text += section("Results that are written over an operand", overwriting_lines(plan), rows);
  text += section("Nodes that need no step", alias_lines(plan), rows);
  text += section("Steps, those estimated to be slowest first", thread_lines(plan), rows);
  return text;
}

std::ostream& operator<<(std::ostream& out, const PlanExplanation& plan) {
  return out << to_string(plan);
}

}  // namespace dagrad
