#include "dagrad/train/average.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "dagrad/error.hpp"
#include "dagrad/ops/operators.hpp"
#include "src/train/require.hpp"
#include "src/train/step_builder.hpp"

namespace dagrad {

namespace {

detail::Scalar checked_decay(const Operand& decay) {
  detail::Scalar scalar(decay, "the decay");
  if (scalar.is_literal())
    detail::require(scalar.number() >= 0 && scalar.number() < 1, "the decay", "in [0, 1)",
                    scalar.number());
  return scalar;
}

/// The values that the updates give the weights, after checking that each weight has one.
std::vector<Value> next_values(ValueSpan weights, const std::vector<Update>& updates) {
  std::unordered_map<Value, Value> next_of;
  for (const Update& update : updates) next_of.try_emplace(update.parameter, update.next);
  std::unordered_set<Value> seen;
  std::vector<Value> next;
  for (const Value& weight : weights) {
    if (!seen.insert(weight).second)
      throw ArgumentError(fmt::format("'{}' is listed twice", weight.name()));
    const auto at = next_of.find(weight);
    if (at == next_of.end())
      throw ArgumentError(fmt::format(
          "'{}' is not among the updates; pass those that the optimiser returned", weight.name()));
    next.push_back(at->second);
  }
  return next;
}

}  // namespace

ExponentialAverage exponential_average(ValueSpan weights, const std::vector<Update>& updates,
                                       const Operand& decay) {
  const Building building("exponential_average", weights, decay.where());
  detail::Scalar kept = building.checked([&] { return checked_decay(decay); });
  const std::vector<Value> next = building.checked([&] { return next_values(weights, updates); });
  ExponentialAverage made;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const Value& weight = weights[i];
    const Value average = building.parameter(weight.name() + "/average", weight.node().tensor());
    // Not decay * average + (1 - decay) * next, which would drift where both are equal.
    const Operand share =
        kept.is_literal() ? Operand(1 - kept.number()) : Operand(1 - kept.in(weight.dtype()));
    made.updates.push_back({average, average + share * (next[i] - average)});
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
