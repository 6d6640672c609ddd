#include "dagrad/train/average.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "dagrad/error.hpp"
#include "dagrad/ops/operators.hpp"
#include "src/train/step_builder.hpp"

namespace dagrad {

namespace {

detail::Scalar checked_decay(const Operand& decay) {
  detail::Scalar scalar(decay, "the decay");
  if (scalar.is_literal() && !(scalar.number() >= 0 && scalar.number() < 1))
    throw ArgumentError(fmt::format("the decay must be in [0, 1), got {}", scalar.number()));
  return scalar;
}

const Value& next_of(const Value& weight, const std::vector<Update>& updates) {
  const auto at = std::find_if(updates.begin(), updates.end(),
                               [&](const Update& update) { return update.parameter == weight; });
  if (at == updates.end())
    throw ArgumentError(fmt::format(
        "'{}' is not among the updates; pass those that the optimiser returned", weight.name()));
  return at->next;
}

}  // namespace

ExponentialAverage exponential_average(ValueSpan weights, const std::vector<Update>& updates,
                                       const Operand& decay) {
  const Building building("exponential_average", weights, decay.where());
  detail::Scalar kept = building.checked([&] { return checked_decay(decay); });
  ExponentialAverage made;
  for (const Value& weight : weights) {
    building.checked([&] {
      if (std::find(made.weights.begin(), made.weights.end(), weight) != made.weights.end())
        throw ArgumentError(fmt::format("'{}' is listed twice", weight.name()));
    });
    const Value& next =
        building.checked([&]() -> const Value& { return next_of(weight, updates); });
    const Value average = building.parameter(weight.name() + "/average", weight.node().tensor());
    // Not decay * average + (1 - decay) * next, which would drift where both are equal.
    const Operand share =
        kept.is_literal() ? Operand(1 - kept.number()) : Operand(1 - kept.in(weight.dtype()));
    made.updates.push_back({average, average + share * (next - average)});
    made.weights.push_back(weight);
    made.averages.push_back(average);
  }
  return made;
}

State ExponentialAverage::applied(const State& state, Location where) const {
  std::map<std::string, Tensor> values;
  for (std::size_t i = 0; i < weights.size(); ++i)
    values[weights[i].name()] = state.get(averages[i], where);
  State smooth = state.copy();
  smooth.set(values, where);
  return smooth;
}

}  // namespace dagrad
