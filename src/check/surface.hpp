#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "src/check/derivative.hpp"
#include "src/check/trace.hpp"

namespace dagrad::detail {

/// The sum of the ys of a subject, weighted by their seeds, as a function of all elements of its
/// xs, and its gradient as computed by the graph.
class Surface {
 public:
  Surface(Subject& subject, Runtime* runtime);
  Surface(const Surface&) = delete;
  Surface& operator=(const Surface&) = delete;

  std::size_t xs() const { return x_.size(); }
  /// The coordinates, which the caller may change.
  std::span<double> x(std::size_t i) { return x_[i]; }
  /// Makes the current point the origin, relative to which values are given.
  void set_origin();
  const ValueOnLine& origin() const { return origin_; }
  /// A bound for the rounding error of the value at the origin.
  double rounding() const { return rounding_; }
  /// The largest of the weighted values at the origin.
  double size() const { return size_; }
  /// Evaluates the function at the current point.
  ValueOnLine look();
  /// The gradient at the origin.
  std::span<const double> slopes(std::size_t i) const { return slopes_[i]; }
  /// The value of the graph that computes it.
  const Value& gradient(std::size_t i) const { return gradients_[i]; }

 private:
  std::span<const double> y(std::size_t i) const { return values_[i].as<double>(); }

  std::vector<Tensor> seeds_;
  std::vector<Tensor> point_;  // the memory behind x_
  std::vector<std::span<double>> x_;
  Trace trace_;
  Values values_;
  std::vector<Value> gradients_;
  Values gradient_;
  std::vector<std::vector<double>> origin_y_, slopes_;
  ValueOnLine origin_;
  double rounding_ = 0, size_ = 0;
};

/// Compares every element of small xs, and random directions in large ones.
std::vector<Comparison> compare_slopes(Subject& subject, const CheckOptions& options, Rng& rng);

}  // namespace dagrad::detail
