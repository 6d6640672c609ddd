#include "dagrad/ops/training.hpp"
#include "dagrad/optimizers.hpp"
#include "src/train/step_builder.hpp"

namespace dagrad {

std::vector<Update> rmsprop(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                            const RmspropOptions& options) {
  detail::StepBuilder step("rmsprop", parameters, gradients, rate);
  step.require_fraction("decay", options.decay);
  step.require_not_negative("epsilon", options.epsilon);
  step.require_fraction("momentum", options.momentum);
  const RmspropForm form{options.decay, options.epsilon};
  const bool has_momentum = options.momentum != 0;
  for (std::size_t i = 0; i < step.size(); ++i) {
    std::vector<Operand> state{step.parameter(i), step.slot(i, "square")};
    if (options.centred) state.push_back(step.slot(i, "mean"));
    if (has_momentum) state.push_back(step.slot(i, "velocity"));
    std::vector<Operand> operands = state;
    operands.push_back(step.gradient(i));
    operands.push_back(step.rate().in(step.dtype(i)));
    const Op op = options.centred ? has_momentum
                                        ? Op(CentredRmspropStepWithMomentum{form, options.momentum})
                                        : Op(CentredRmspropStep{form})
                  : has_momentum ? Op(RmspropStepWithMomentum{form, options.momentum})
                                  : Op(RmspropStep{form});
    const std::vector<Value> next = apply(op, operands);
    for (std::size_t s = 0; s < state.size(); ++s) step.update(state[s].value(), next[s]);
  }
  return step.finish();
}

}  // namespace dagrad
