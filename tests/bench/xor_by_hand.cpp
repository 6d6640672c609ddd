#include "tests/bench/xor_by_hand.hpp"

#include <cmath>

namespace dagrad::bench {

namespace {

constexpr int samples = 4, hidden = 3;
constexpr double rate = 0.5;
constexpr double x[samples][2] = {{1, 1}, {0, 1}, {1, 0}, {0, 0}}, y[samples] = {0, 1, 1, 0};

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }

}  // namespace

XorByHand::XorByHand(const std::array<double, 13>& weights) {
  const double* next = weights.data();
  for (auto& row : hidden_weights_)
    for (double& w : row) w = *next++;
  for (double& b : hidden_bias_) b = *next++;
  for (double& w : out_weights_) w = *next++;
  out_bias_ = *next;
}

void XorByHand::step() {
  double of_weights[2][hidden] = {}, of_bias[hidden] = {}, of_out[hidden] = {}, of_out_bias = 0;
  error_ = 0;
  for (int s = 0; s < samples; ++s) {
    double h[hidden], z = out_bias_;
    for (int j = 0; j < hidden; ++j) {
      h[j] = sigmoid(x[s][0] * hidden_weights_[0][j] + x[s][1] * hidden_weights_[1][j] +
                     hidden_bias_[j]);
      z += h[j] * out_weights_[j];
    }
    const double out = sigmoid(z), off = out - y[s], slope = off * out * (1 - out);
    error_ += off * off / 2;
    of_out_bias += slope;
    for (int j = 0; j < hidden; ++j) {
      of_out[j] += h[j] * slope;
      const double d = slope * out_weights_[j] * h[j] * (1 - h[j]);
      of_bias[j] += d;
      of_weights[0][j] += x[s][0] * d;
      of_weights[1][j] += x[s][1] * d;
    }
  }
  for (int j = 0; j < hidden; ++j) {
    out_weights_[j] -= rate * of_out[j];
    hidden_bias_[j] -= rate * of_bias[j];
    for (int i = 0; i < 2; ++i) hidden_weights_[i][j] -= rate * of_weights[i][j];
  }
  out_bias_ -= rate * of_out_bias;
}

}  // namespace dagrad::bench
