#include "dagrad/ops/training.hpp"
#include "dagrad/optimizers.hpp"
#include "src/train/step_builder.hpp"

namespace dagrad {

std::vector<Update> sgd(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                        const SgdOptions& options) {
  detail::StepBuilder step("sgd", parameters, gradients, rate);
  step.require_fraction("momentum", options.momentum);
  for (std::size_t i = 0; i < step.size(); ++i) {
    const Value &p = step.parameter(i), &g = step.gradient(i);
    const Operand r = step.rate().in(step.dtype(i));
    if (options.momentum == 0) {
      step.update(p, apply(Descend{}, {p, g, r}));
      continue;
    }
    const Value velocity = step.slot(i, "velocity");
    const auto [next, next_velocity] =
        apply(DescendWithMomentum{options.momentum, options.nesterov}, {p, velocity, g, r});
    step.update(p, next);
    step.update(velocity, next_velocity);
  }
  return step.finish();
}

}  // namespace dagrad
