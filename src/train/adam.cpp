#include <fmt/format.h>

#include <cmath>

#include "dagrad/error.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/training.hpp"
#include "dagrad/optimizers.hpp"
#include "src/train/step_builder.hpp"

namespace dagrad {

namespace {

/// 1 − βᵗ without cancellation.
Value bias_correction(const Value& t, double beta) { return -expm1(t * std::log(beta)); }

/// The counter of completed steps: the one in the options, or the optimiser's own. In both cases
/// the optimiser returns its update, so that it cannot be forgotten.
Value steps_made(detail::StepBuilder& step, const AdamOptions& options) {
  if (!options.step) {
    Value made = step.counter("step");
    step.update(made, made + 1);
    return made;
  }
  const Value& now = options.step->now;
  const Update& update = options.step->update;
  step.check([&] {
    if (now.type() != Type{i64, {}})
      throw TypeError(fmt::format("the step must be int64[], got {}", to_string(now.type())));
    if (update.parameter != now || update.next == now)
      throw ArgumentError(
          fmt::format("the update of the step '{}' does not advance it", now.name()));
  });
  step.update(now, update.next);
  return now;
}

void require_adam_options(const detail::StepBuilder& step, const AdamOptions& options,
                          double weight_decay) {
  step.require_fraction("beta1", options.beta1);
  step.require_fraction("beta2", options.beta2);
  step.require_not_negative("epsilon", options.epsilon);
  step.require_not_negative("weight_decay", weight_decay);
}

std::vector<Update> adam_steps(std::string_view optimizer, ValueSpan parameters,
                               ValueSpan gradients, const Operand& rate, const AdamOptions& options,
                               double weight_decay) {
  detail::StepBuilder step(optimizer, parameters, gradients, rate);
  require_adam_options(step, options, weight_decay);
  if (step.empty()) return {};

  const Value made = steps_made(step, options);
  const Value t = cast(made + 1, f64);
  const auto shared = [&](const Value& value) { return detail::Scalar(value, "shared"); };
  const Operand wide_rate = step.rate().in(f64);
  const Value first_correction = bias_correction(t, options.beta1);
  const Value second_correction = bias_correction(t, options.beta2);
  detail::Scalar step_rate = shared(div(wide_rate, first_correction));
  detail::Scalar scale = shared(sqrt(second_correction));
  detail::Scalar keep(1, "keep");
  if (weight_decay != 0 && wide_rate.is_literal())
    keep = {1 - wide_rate.literal().real() * weight_decay, "keep"};
  else if (weight_decay != 0)
    keep = shared(sub(1, mul(wide_rate, weight_decay)));

  const AdamStep op{options.beta1, options.beta2, options.epsilon};
  for (std::size_t i = 0; i < step.size(); ++i) {
    const DType dtype = step.dtype(i);
    const Value& p = step.parameter(i);
    const Value first = step.slot(i, "first_moment"), second = step.slot(i, "second_moment");
    const auto next = apply(op, {p, first, second, step.gradient(i), step_rate.in(dtype),
                                 scale.in(dtype), keep.in(dtype)});
    step.update(p, next[0]);
    step.update(first, next[1]);
    step.update(second, next[2]);
  }
  return step.finish();
}

}  // namespace

std::vector<Update> adam(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                         const AdamOptions& options) {
  return adam_steps("adam", parameters, gradients, rate, options, 0);
}

std::vector<Update> adamw(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                          const AdamwOptions& options) {
  const AdamOptions moments{options.beta1, options.beta2, options.epsilon, options.step};
  return adam_steps("adamw", parameters, gradients, rate, moments, options.weight_decay);
}

std::vector<Update> lamb(ValueSpan parameters, ValueSpan gradients, const Operand& rate,
                         const LambOptions& options) {
  detail::StepBuilder step("lamb", parameters, gradients, rate);
  const AdamOptions moments{options.beta1, options.beta2, options.epsilon, options.step};
  require_adam_options(step, moments, options.weight_decay);
  if (step.empty()) return {};

  const Value t = cast(steps_made(step, moments) + 1, f64);
  detail::Scalar step_rate(div(-1, bias_correction(t, options.beta1)), "shared");
  detail::Scalar scale(sqrt(bias_correction(t, options.beta2)), "shared");
  const AdamStep op{options.beta1, options.beta2, options.epsilon};
  for (std::size_t i = 0; i < step.size(); ++i) {
    const DType dtype = step.dtype(i);
    const Value& p = step.parameter(i);
    const Value first = step.slot(i, "first_moment"), second = step.slot(i, "second_moment");
    // A step of Adam with rate -1 that keeps weight_decay * p of the parameter is the direction.
    const auto next = apply(op, {p, first, second, step.gradient(i), step_rate.in(dtype),
                                 scale.in(dtype), options.weight_decay});
    const Value size = global_norm({{p}}), length = global_norm({{next[0]}});
    const Value trust = where(size > 0 && length > 0, size / length, 1);
    step.update(p, apply(Descend{}, {p, next[0], mul(step.rate().in(dtype), trust)}));
    step.update(first, next[1]);
    step.update(second, next[2]);
  }
  return step.finish();
}

}  // namespace dagrad
