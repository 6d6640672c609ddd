#pragma once

#include "dagrad/graph.hpp"

/// Losses. Those of single elements are not reduced: take their `mean` or `sum`.
namespace dagrad {

struct HalfSquaredError {
  static constexpr auto name = "half_squared_error";
  static constexpr auto doc =
      "(prediction - target)^2 / 2 of each element; slope prediction - target.";
  template <class T>
  T operator()(T prediction, T target) const {
    return square(prediction - target) / 2;
  }
};

struct BinaryCrossEntropy {
  static constexpr auto name = "binary_cross_entropy";
  static constexpr auto doc =
      "-(target * log(p) + (1 - target) * log(1 - p)) of each element, where 0 * log(0) is 0; "
      "slope "
      "in p (1 - target) / (1 - p) - target / p, each term 0 where its numerator is.";
  template <class T>
  T operator()(T p, T target) const {
    return -(pull(target, log(p)) + pull(1 - target, log1p(-p)));
  }
  static Samples samples(Rng& rng);
};

struct BinaryCrossEntropyWithLogits {
  static constexpr auto name = "binary_cross_entropy_with_logits";
  static constexpr auto doc =
      "binary_cross_entropy of sigmoid(x), as softplus(x) - x * target: no overflow and no loss of "
      "digits; slope in x sigmoid(x) - target.";
  template <class T>
  T operator()(T x, T target) const {
    return softplus(x) - x * target;
  }
};

struct CrossEntropy {
  static constexpr auto name = "cross_entropy";
  static constexpr auto doc =
      "Of each row of logits [..., classes] the cross entropy with its target: a class index, or a "
      "probability for each class, of which 0 counts nothing. Slope softmax(logits) * "
      "sum(target) - target.";
  static constexpr std::size_t operands = 2;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Mean of (prediction - target)^2 over all elements, a scalar. Shapes broadcast.
Value mse(const Operand& prediction, const Operand& target);
Value half_squared_error(const Operand& prediction, const Operand& target);
/// p is a probability: NaN outside of [0, 1].
Value binary_cross_entropy(const Operand& p, const Operand& target);
Value binary_cross_entropy_with_logits(const Operand& x, const Operand& target);
/// Mean over the rows of logits [..., classes], a scalar. Targets are int32 or int64 class indices
/// [...], or probabilities of the shape and dtype of the logits. Throws ShapeError for other
/// shapes, no rows or no classes, TypeError for other dtypes; a run throws where an index is
/// outside of [0, classes), naming it.
Value cross_entropy(const Operand& logits, const Operand& targets);

}  // namespace dagrad
