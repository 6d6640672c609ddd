#include "src/exec/routines.hpp"

#include <algorithm>
#include <cstddef>

#include "src/exec/plan.hpp"
#include "src/exec/translation.hpp"
#include "src/loops/address_sanitizer.hpp"

namespace dagrad::detail {

namespace {

constexpr std::size_t alignment = 64, no_code = ~std::size_t{0};
constexpr double most_work = 0.75;

bool may_have_routines(const Plan& plan) { return why_no_routines(plan) == NoRoutines::possible; }

}  // namespace

NoRoutines why_no_routines(const Plan& plan) {
  if (address_sanitizer) return NoRoutines::sanitizer;
  if (plan.topology) return NoRoutines::threads;
  if (plan.observer != nullptr) return NoRoutines::observer;
  return has_assembler(plan.runtime->machine.instruction_set()) ? NoRoutines::possible
                                                                : NoRoutines::assembler;
}

bool suits_routines(const Plan& plan, const Lifetimes& lifetimes) {
  if (!may_have_routines(plan)) return false;
  Translation translation(plan, lifetimes);
  double taken = 0, total = 0;
  for (std::uint32_t s = 0; s < plan.steps.size(); ++s) {
    const double cost = plan.kernel_of(plan.steps[s]).cost();
    total += cost;
    if (translation.takes(s)) taken += cost;
  }
  return taken >= most_work * total;
}

Routines::Routines(const Plan& plan) {
  if (plan.steps.size() < fewest_steps || !may_have_routines(plan)) return;
  const Lifetimes lifetimes(plan);
  Translation translation(plan, lifetimes);
  const auto steps = static_cast<std::uint32_t>(plan.steps.size());
  std::vector<std::uint8_t> code;
  std::vector<std::size_t> at;  // where the code of each stretch begins
  for (std::uint32_t begin = 0, end = 0; begin < steps; begin = end) {
    while (end < steps && end - begin < most_steps && translation.takes(end)) ++end;
    if (end - begin < fewest_steps) {
      end = std::max(end, begin + 1);
      if (at.empty() || at.back() != no_code) {
        stretches_.push_back({begin, end});
        at.push_back(no_code);
      }
      stretches_.back().end = end;
      continue;
    }
    const Assembled routine =
        assemble(translation.run(begin, end), plan.runtime->machine.instruction_set());
    code.resize((code.size() + alignment - 1) / alignment * alignment);
    stretches_.push_back({begin, end});
    at.push_back(code.size());
    code.insert(code.end(), routine.code.begin(), routine.code.end());
    scratch_ = std::max(scratch_, routine.scratch);
  }
  code_ = std::make_unique<const ExecutableCode>(code);
  if (code_->entry() == nullptr) stretches_.clear();
  if (stretches_.empty()) return;
  const auto start = reinterpret_cast<std::uintptr_t>(code_->entry());
  for (std::size_t i = 0; i < at.size(); ++i)
    if (at[i] != no_code) stretches_[i].routine = reinterpret_cast<RoutineEntry>(start + at[i]);
}

void RoutinesOnDemand::make(const Plan& plan) const {
  const std::lock_guard lock(mutex_);
  if (made_.load(std::memory_order_relaxed) != nullptr) return;
  routines_ = Routines(plan);
  made_.store(&routines_, std::memory_order_release);
}

const Routines& RoutinesOnDemand::count_run(const Plan& plan) const {
  if (runs_.fetch_add(1, std::memory_order_relaxed) == 0) return none_;
  make(plan);
  return now();
}

}  // namespace dagrad::detail
