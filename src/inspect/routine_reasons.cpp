#include "src/inspect/routine_reasons.hpp"

#include <fmt/format.h>

#include <string>

#include "src/exec/routines.hpp"
#include "src/exec/translation.hpp"

namespace dagrad::detail {

namespace {

std::string text(NoRoutines why, const Plan& plan) {
  switch (why) {
    case NoRoutines::possible:
      return "";
    case NoRoutines::sanitizer:
      return "The address sanitizer does not see what machine code reads and writes.";
    case NoRoutines::threads:
      return "Several threads share the steps.";
    case NoRoutines::observer:
      return "An observer looks at each step.";
    case NoRoutines::assembler:
      return fmt::format("There is no assembler for the instruction set {}.",
                         name(plan.runtime->machine.instruction_set()));
  }
  return "";
}

std::string text(NoCode why, const Kernel& kernel) {
  switch (why) {
    case NoCode::possible:
      return "the steps before and after it are in no routine";
    case NoCode::ordered:
      return "it is ordered";
    case NoCode::validates:
      return "it checks its operands before it runs";
    case NoCode::many_elements:
      return fmt::format("a result has more than {} elements", Translation::most_elements);
    case NoCode::no_elements:
      return "a result has no elements";
    case NoCode::narrow:
      return "a dtype is only stored, and computed as another one";
    case NoCode::long_formula:
      return "its formula is too long";
    case NoCode::repeated:
      return "many steps share its loop, which stays in the instruction cache";
    case NoCode::no_instruction:
      return "its formula has an operation without an instruction of its own";
    case NoCode::checked:
      return "its results are checked";
    case NoCode::not_unrolled:
      return fmt::format("{} has no straight-line form for these types", kernel.op().name());
  }
  return "";
}

}  // namespace

void explain_routines(const Plan& plan, const Lifetimes& lifetimes, PlanExplanation& all) {
  all.why_no_routines = text(why_no_routines(plan), plan);
  if (!all.why_no_routines.empty()) return;
  const Routines routines(plan);
  for (const Routines::Stretch& stretch : routines.stretches())
    if (stretch.routine != nullptr) all.routines.push_back({stretch.begin, stretch.end});
  Translation translation(plan, lifetimes);
  auto next = all.routines.begin();
  for (std::uint32_t step = 0; step < plan.steps.size(); ++step) {
    while (next != all.routines.end() && next->end <= step) ++next;
    if (next == all.routines.end() || step < next->begin)
      all.steps[step].why_alone = text(translation.why_not(step), plan.kernel_of(plan.steps[step]));
  }
}

}  // namespace dagrad::detail
