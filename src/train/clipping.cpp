#include <fmt/format.h>

#include <cmath>

#include "dagrad/error.hpp"
#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/training.hpp"
#include "dagrad/optimizers.hpp"
#include "src/train/require.hpp"
#include "src/train/step_builder.hpp"

namespace dagrad {

namespace {

/// The largest norm that gradients may keep, after checking it.
detail::Scalar limit(ValueSpan gradients, const Operand& max_norm) {
  detail::Scalar most(max_norm, "max_norm");
  if (most.is_literal())
    detail::require(most.number() > 0 && std::isfinite(most.number()), "max_norm",
                    "positive and finite", most.number());
  if (gradients.empty()) throw ArgumentError("needs at least one gradient");
  return most;
}

}  // namespace

std::vector<Value> clip_by_value(ValueSpan gradients, const Operand& low, const Operand& high) {
  std::vector<Value> clipped;
  if (gradients.empty()) return clipped;
  const Building building("clip_by_value", gradients, low.where());
  for (const Value& gradient : gradients) clipped.push_back(clamp(gradient, low, high));
  return clipped;
}

Clipped clip_by_global_norm(ValueSpan gradients, const Operand& max_norm) {
  const Building building("clip_by_global_norm", gradients, max_norm.where());
  detail::Scalar most = building.checked([&] { return limit(gradients, max_norm); });
  Clipped clipped{{}, global_norm(gradients)};
  // Not min(1, max_norm / norm), which would be NaN if both were 0.
  const DType dtype = clipped.norm.dtype();
  const Value within = less_equal(clipped.norm, most.in(dtype));
  const Value ratio = div(most.in(dtype), clipped.norm);
  detail::Scalar factor(where(within, 1, ratio), "factor");
  for (const Value& gradient : gradients)
    clipped.gradients.push_back(mul(gradient, factor.in(gradient.dtype())));
  return clipped;
}

}  // namespace dagrad
