#pragma once

#include <span>
#include <vector>

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// The sum of magnitudes of a weighed result z of a float64 subject: Σ |∂z/∂v|·|v| over all values
/// v that lead to it. A dtype's epsilon times that is what rounding each of them once does to z at
/// most.
class Magnitudes {
 public:
  /// Throws GradientError where the result has no derivative.
  Magnitudes(Subject& subject, const Value& result, Runtime* runtime);
  Magnitudes(const Magnitudes&) = delete;
  Magnitudes& operator=(const Magnitudes&) = delete;

  /// Of each element of the result, to set.
  std::span<double> weights() { return weights_; }
  /// `smallest` and `largest` are those of the dtype: below the one values are rounded as if they
  /// were it; a value beyond the other makes the sum infinite.
  double sum(double smallest, double largest);

 private:
  std::vector<Value> prepare(Subject& subject, const Value& result);

  Tensor weight_;
  std::span<double> weights_;
  std::vector<Value> through_;
  Value input_;
  Values values_;
};

}  // namespace dagrad::detail
