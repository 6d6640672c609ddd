#include "src/exec/tasks.hpp"

#include <algorithm>
#include <optional>

namespace dagrad::detail {

namespace {

// In nanoseconds. Below `worth_sharing` in total, handing a graph to other threads costs more than
// they save. `handing_on` is what a task takes besides its steps, and `moving` what it takes to
// read a value of another task, which every other time is in the cache of another core. Steps
// shorter than `short_step` are put together until a task takes `whole_task`.
constexpr double worth_sharing = 40'000, handing_on = 100, moving = 100, short_step = 1000,
                 whole_task = 2000;
constexpr double least_gain = 1.2;

/// Each step waits for those whose results it reads; an ordered step also waits for the ordered
/// step before it.
std::vector<Dependency> dependencies_of_steps(const Plan& plan, const Lifetimes& lifetimes) {
  std::vector<Dependency> dependencies;
  std::optional<std::uint32_t> last_ordered;
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    if (plan.kernel_of(plan.steps[s]).op().traits().ordered) {
      if (last_ordered) dependencies.push_back({*last_ordered, s});
      last_ordered = s;
    }
    for (const std::uint32_t slot : plan.operands_of(plan.steps[s]))
      if (slot != no_slot && lifetimes.producer(slot) != no_step)
        dependencies.push_back({lifetimes.producer(slot), s});
  }
  return dependencies;
}

/// Puts steps together in tasks and estimates when these end.
class Grouping {
 public:
  Grouping(Tasks& tasks, const Plan& plan) : tasks_(tasks), plan_(plan) {}

  void add(std::uint32_t step, std::span<const Dependency> waits) {
    const Kernel& kernel = plan_.kernel_of(plan_.steps[step]);
    const double cost = kernel.cost() / (kernel.divides() ? plan_.threads : 1);
    const bool is_short = kernel.cost() < short_step;
    double ready = 0;      // when the tasks before the current one, for which it waits, have ended
    bool follows = false;  // a step of the current task
    for (const Dependency& wait : waits) {
      const std::uint32_t task = tasks_.of_step[wait.before];
      if (task + 1 == tasks_.first.size())
        follows = true;
      else
        ready = std::max(ready, ends_[task]);
    }
    const bool joins = short_ && is_short && cost_ + cost <= whole_task &&
                       ready <= start_ + whole_task && (follows || ready + whole_task >= start_);
    if (joins) {
      start_ = std::max(start_, ready);
      cost_ += cost;
    } else {
      if (follows) ready = std::max(ready, ends_.back());
      tasks_.first.push_back(step);
      ends_.push_back(0);
      start_ = ready;
      cost_ = cost;
      short_ = is_short;
    }
    const auto task = static_cast<std::uint32_t>(tasks_.first.size() - 1);
    for (const Dependency& wait : waits) moved_ += tasks_.of_step[wait.before] != task ? 1 : 0;
    tasks_.of_step.push_back(task);
    ends_.back() = start_ + handing_on + cost_;
    total_ += kernel.cost();
  }

  void finish() {
    const double handed_on =
        handing_on * static_cast<double>(tasks_.first.size()) + moving * moved_;
    const double longest = ends_.empty() ? 0 : *std::max_element(ends_.begin(), ends_.end());
    const double shared = std::max(longest, (total_ + handed_on) / plan_.threads);
    tasks_.estimate = {plan_.threads, total_, shared};
    tasks_.pay = total_ >= worth_sharing && total_ >= least_gain * shared;
    tasks_.first.push_back(static_cast<std::uint32_t>(plan_.steps.size()));
  }

 private:
  Tasks& tasks_;
  const Plan& plan_;
  std::vector<double> ends_;     ///< of each task
  double start_ = 0, cost_ = 0;  ///< of the current task
  bool short_ = false;           ///< whether it consists of short steps
  double total_ = 0;
  double moved_ = 0;  ///< how many values steps read of other tasks
};

}  // namespace

Tasks::Tasks(const Plan& plan, const Lifetimes& lifetimes) {
  const std::vector<Dependency> waits = dependencies_of_steps(plan, lifetimes);
  Grouping grouping(*this, plan);
  auto begin = waits.begin();
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    const auto end = std::find_if(begin, waits.end(), [&](const auto& w) { return w.after != s; });
    grouping.add(s, {begin, end});
    begin = end;
  }
  grouping.finish();
  if (!pay) return;
  require(waits);
  levels.resize(plan.steps.size(), 0);
  auto next = dependencies.begin();
  for (std::uint32_t task = 0; task < size(); ++task) {
    std::uint32_t level = 0;
    for (; next != dependencies.end() && next->after == task; ++next)
      level = std::max(level, levels[first[next->before + 1] - 1] + 1);
    for (std::uint32_t s = first[task]; s < first[task + 1]; ++s) levels[s] = level++;
  }
}

void Tasks::require(const std::vector<Dependency>& between_steps) {
  std::vector<std::uint32_t> known(size(), no_step);  // the last task that waits for each
  for (const Dependency& dependency : between_steps) {
    const std::uint32_t before = of_step[dependency.before], after = of_step[dependency.after];
    if (before == after || known[before] == after) continue;
    known[before] = after;
    dependencies.push_back({before, after});
  }
}

}  // namespace dagrad::detail
