#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "src/train/numbers.hpp"

namespace dagrad::detail {

double dot(const Numbers& a, const Numbers& b);

/// What L-BFGS remembers of the curvature: the last steps, and the changes of the gradient that
/// they caused.
class Curvature {
 public:
  explicit Curvature(std::size_t memory) : memory_(memory) {}

  bool empty() const { return pairs_.empty(); }
  void clear() { pairs_.clear(); }
  /// Leaves out a pair without positive curvature, which would make directions point upwards.
  void remember(Numbers step, Numbers change);
  /// Minus the product of the approximate inverse of the Hessian and the gradient, by the recursion
  /// of two loops (Nocedal 1980). Without pairs: minus the gradient.
  Numbers direction(const Numbers& gradient) const;

 private:
  struct Pair {
    Numbers step, change;
    double curvature;  ///< their product
  };
  std::size_t memory_;
  std::deque<Pair> pairs_;  ///< the oldest first
};

}  // namespace dagrad::detail
