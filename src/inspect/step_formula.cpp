#include "src/inspect/step_formula.hpp"

#include <algorithm>

#include "dagrad/passes/epilogues.hpp"
#include "dagrad/passes/fuse_sums.hpp"
#include "dagrad/passes/windows.hpp"

namespace dagrad::detail {

bool StepFormula::reads(std::uint32_t slot) const {
  return std::find(operands.begin(), operands.end(), slot) != operands.end();
}

StepFormula formula_of(const Plan& plan, const Step& step) {
  const Kernel& kernel = plan.kernel_of(step);
  const Op& op = kernel.op();
  StepFormula formula;
  std::size_t first = 0;  // operand of the formula
  if (const auto* const product = op.get_if<MatmulWithEpilogue>()) {
    formula.with = StepFormula::With::product;
    formula.program = product->formula;
    first = 2;
  } else if (const auto* const sums = op.get_if<FormulaWithSums>()) {
    formula.with = StepFormula::With::sums;
    formula.program = sums->formula;
  } else if (const auto* const windowed = op.get_if<Windowed>()) {
    formula.with = StepFormula::With::windows;
    formula.program = windowed->program;
  } else if (op.traits().elementwise) {
    formula.program = op->program(kernel.in());
    if (formula.program) formula.with = StepFormula::With::alone;
  }
  if (!formula) return formula;
  const bool sums = formula.with == StepFormula::With::sums;
  formula.shape = sums ? common_shape(kernel.in()) : kernel.out()[0].shape;
  formula.flat = true;
  const auto slots = plan.operands_of(step);
  for (std::size_t i = first; i < slots.size(); ++i) {
    if (slots[i] == no_slot) continue;
    formula.operands.push_back(slots[i]);
    const std::int64_t elements = kernel.in()[i].elements();
    formula.flat = formula.flat && (elements == formula.shape.elements() || elements == 1);
  }
  return formula;
}

bool fit(const StepFormula& a, const StepFormula& b) {
  return a && b &&
         (a.shape == b.shape || ((a.flat || b.flat) && a.shape.elements() == b.shape.elements()));
}

}  // namespace dagrad::detail
