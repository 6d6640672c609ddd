#pragma once

#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/config.hpp"
#include "dagrad/state.hpp"

namespace dagrad {

/// What `exponential_average` returns: the averages, which are parameters, and their updates.
struct ExponentialAverage {
  std::vector<Value> weights;
  std::vector<Value> averages;  ///< in the order of the weights
  std::vector<Update> updates;  ///< of the averages

  /// A copy of the State in which each weight has the value of its average, for validation or to be
  /// saved. Throws ArgumentError if the State lacks one of them.
  State applied(const State& state, Location where = Location::here()) const;
};

/// Exponential averages of weights over steps (compare Polyak and Juditsky 1992), which
/// generalise better than the weights of the last step: a ← decay·a + (1 − decay)·w in every run,
/// where w is the value that the updates give the weight. The average of a weight w is a parameter
/// "<w's name>/average" and starts at the weight's initial value:
///
///     const std::vector<Update> steps = adam(weights, gradients, 0.001);
///     const ExponentialAverage average = exponential_average(weights, steps, 0.999);
///     const Function train = compile(loss, {.update = join({steps, average.updates})});
///     …
///     const State smooth = average.applied(state);
///
/// The decay is a number in [0, 1), or a float scalar such as an expression of a `step_counter`.
/// Throws ArgumentError if a weight is not among the updates or is listed twice, or if the decay is
/// out of range; TypeError or ShapeError if a decay that is not a number is not a float scalar;
/// GraphError if a name is taken.
ExponentialAverage exponential_average(ValueSpan weights, const std::vector<Update>& updates,
                                       const Operand& decay);

}  // namespace dagrad
