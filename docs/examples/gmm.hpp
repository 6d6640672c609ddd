#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {

/// A Wishart prior of d × d precision matrices, with scale I / gamma² and d + m + 1 degrees of
/// freedom.
struct Wishart {
  double gamma = 1;
  std::int64_t m = 0;
};

// [model]
/// A mixture of k Gaussians at points [n, d], in the form of ADBench (Srajer et al. 2018). The
/// precision of each is LᵀL with a lower triangular L, stored as the logarithms of its diagonal and
/// then the entries below it, by columns, so that all values of the parameters are valid. The
/// parameters have the points' dtype.
class Gmm {
 public:
  Gmm(Graph& graph, const Value& points, std::int64_t k, Rng rng)
      : graph_(graph), k_(k), d_(points.shape()[1]), dtype_(points.dtype()) {
    const Scope scope = graph.scope("mixture");
    log_weights = log_softmax(parameter("logits", Tensor(Type{dtype_, {k}})));
    means = parameter("means", rng.normal({k, d_}, 0, 1, dtype_));
    const auto packed = split(parameter("factors", Tensor(Type{dtype_, {k, d_ * (d_ + 1) / 2}})),
                              {d_, d_ * (d_ - 1) / 2}, 1);
    log_determinants_ = sum(packed[0], 1);
    entries_ = concat({exp(packed[0]), packed[1]}, 1);
    factors = lower_triangles(entries_).named("L");

    const Value centred = points - unsqueeze(means, {1});  // [k, n, d]
    const Value scaled = matmul(centred, transpose(factors, {0, 2, 1}));
    const double log_area = 0.5 * static_cast<double>(d_) * std::log(2 * std::numbers::pi);
    const Value at_mean = log_weights + log_determinants_ - log_area;
    log_joint = unsqueeze(at_mean, {1}) - 0.5 * sum(square(scaled), 2);
    log_likelihood = sum(logsumexp(log_joint, 0)).named("log_likelihood");
  }

  /// The log density of the precisions, which all have the same prior.
  Value log_prior(const Wishart& prior) const {
    const Scope scope = graph_.scope("prior");
    const auto d = static_cast<double>(d_), m = static_cast<double>(prior.m), freedom = d + m + 1;
    const double constant = freedom * d * (std::log(prior.gamma) - 0.5 * std::numbers::ln2) -
                            log_gamma(0.5 * freedom, d_);
    return m * sum(log_determinants_) - 0.5 * prior.gamma * prior.gamma * sum(square(entries_)) +
           static_cast<double>(k_) * constant;
  }

  Value log_weights;     ///< [k]
  Value means;           ///< [k, d]
  Value factors;         ///< [k, d, d]: L
  Value log_joint;       ///< [k, n]: log of each component's weight times its density
  Value log_likelihood;  ///< log density of all points
  std::vector<Value> weights;
  // [/model]

 private:
  Value lower_triangles(const Value& entries) const {
    std::vector<std::int64_t> places;  // of the entries in a matrix, row by row
    for (std::int64_t i = 0; i < d_; ++i) places.push_back(i * d_ + i);
    for (std::int64_t column = 0; column < d_; ++column)
      for (std::int64_t row = column + 1; row < d_; ++row) places.push_back(row * d_ + column);
    const Value empty = zeros(graph_, {dtype_, {k_, d_ * d_}});
    const Value at = graph_.constant(Tensor({std::ssize(places)}, places));
    return reshape(scatter_add(empty, at, entries, 1), {k_, d_, d_});
  }

  /// The logarithm of the p-dimensional gamma function.
  static double log_gamma(double a, std::int64_t p) {
    double sum = 0.25 * static_cast<double>(p * (p - 1)) * std::log(std::numbers::pi);
    for (std::int64_t j = 0; j < p; ++j) sum += std::lgamma(a - 0.5 * static_cast<double>(j));
    return sum;
  }

  Value parameter(std::string_view name, const Tensor& initial) {
    return weights.emplace_back(graph_.parameter(name, initial));
  }

  Graph& graph_;
  std::int64_t k_, d_;
  DType dtype_;
  Value log_determinants_;  ///< [k], of L
  Value entries_;           ///< [k, d(d+1)/2]: diagonal, then by columns
};

}  // namespace dagrad
