#include "dagrad/ops/training.hpp"
#include "dagrad/optimizers.hpp"
#include "src/train/step_builder.hpp"

namespace dagrad {

std::vector<Update> adagrad(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                            const AdagradOptions& options) {
  detail::StepBuilder step("adagrad", parameters, gradients, rate);
  step.require_not_negative("epsilon", options.epsilon);
  for (std::size_t i = 0; i < step.size(); ++i) {
    const Value& p = step.parameter(i);
    const Value sum = step.slot(i, "square_sum");
    const auto [next, next_sum] = apply(AdagradStep{options.epsilon},
                                        {p, sum, step.gradient(i), step.rate().in(step.dtype(i))});
    step.update(p, next);
    step.update(sum, next_sum);
  }
  return step.finish();
}

}  // namespace dagrad
