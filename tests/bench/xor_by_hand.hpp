#pragma once

#include <array>

namespace dagrad::bench {

/// The training step of the XOR network (2-3-1, sigmoid, squared error / 2, all four samples at
/// once), as one writes it for a single network: plain loops over scalars.
class XorByHand {
 public:
  explicit XorByHand(const std::array<double, 13>& weights);
  void step();
  double error() const { return error_; }  ///< sum over the samples, before the last step

 private:
  double hidden_weights_[2][3], hidden_bias_[3], out_weights_[3], out_bias_, error_ = 0;
};

}  // namespace dagrad::bench
