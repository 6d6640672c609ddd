#pragma once

#include <span>
#include <vector>

#include "src/check/subject.hpp"

namespace dagrad::detail {

/// The sum of magnitudes of a weighted result z of a float64 subject: Σ |∂z/∂v|·|v| over all values
/// v that lead to it. A dtype's epsilon times this sum bounds the effect on z of rounding each v
/// once.
class Magnitudes {
 public:
  /// Throws GradientError if the result has no derivative.
  Magnitudes(Subject& subject, const Value& result, Runtime* runtime);
  Magnitudes(const Magnitudes&) = delete;
  Magnitudes& operator=(const Magnitudes&) = delete;

  /// The weights of the result's elements, to be set by the caller.
  std::span<double> weights() { return weights_; }
  /// `smallest` and `largest` are the normal numbers of the dtype: values below `smallest` count as
  /// that; a value above `largest` makes the sum infinite.
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
