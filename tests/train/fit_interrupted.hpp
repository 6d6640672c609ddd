#pragma once

#include "tests/train/fit_model.hpp"

namespace dagrad::test {

/// What the test of killed processes and the processes themselves do.
inline FitOptions interrupted_options(const CircleNetwork& network) {
  FitOptions options = quiet(120);
  options.hold_out = 0.23;
  options.stratify = "inside";
  options.reduce_on_plateau = ReduceOnPlateau{.rate = network.rate, .factor = 0.7, .patience = 3};
  return options;
}

}  // namespace dagrad::test
