#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dagrad/config.hpp"

namespace dagrad {

/// What can be wrong with gradients, with the most serious faults first.
enum class GradientFault : std::uint8_t {
  not_finite,    ///< a gradient contains an infinity or a NaN
  no_gradient,   ///< all elements of a layer's gradient are 0
  exploding,     ///< gradients grow on their way from the loss to earlier layers
  vanishing,     ///< gradients shrink on their way from the loss to earlier layers
  large_update,  ///< a step changes a layer by a large part of its norm
  small_update,  ///< steps hardly change any layer although the loss has not fallen
  dead,          ///< units of `relu` are 0 for all rows of a batch
  saturated      ///< activations are where their slope is close to 0
};
std::string to_string(GradientFault fault);

/// Beyond which numbers a report warns. Other than `exploding`, which takes the largest number,
/// they are compared with the median over the last `steps` recorded steps, so that a single batch
/// does not count. Sizes of gradients are those of `GradientSeries::gradient_size`.
struct GradientThresholds {
  /// How many times larger than those of a later layer gradients may be; more is exploding.
  double exploding = 1e4;
  /// How many times smaller than those of a later layer gradients may be; more is vanishing.
  double vanishing = 1e4;
  double large_update = 0.1;   ///< the largest ratio of a layer's update to its value
  double small_update = 1e-5;  ///< the smallest such ratio while the loss has not fallen by 10 %
  double dead = 0.8;           ///< the largest share of dead units of a layer
  /// The largest share of saturated elements of a layer. The last layer may saturate, since
  /// confident predictions do.
  double saturated = 0.5;
  int steps = 10;  ///< how many recorded steps to look at
};

/// A fault of the gradients of one or several layers.
struct GradientWarning {
  GradientFault fault;
  std::string layer;                ///< where it is worst
  std::vector<std::string> layers;  ///< all layers that have it, in forward order
  std::int64_t step = 0;            ///< the recorded step at which it was measured
  double measured = 0;
  double threshold = 0;
  std::string text;  ///< a sentence with the numbers and the place, and one with cures
};

}  // namespace dagrad
