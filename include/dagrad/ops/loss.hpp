#pragma once

#include <limits>
#include <memory>

#include "dagrad/apply.hpp"

/// Losses. Those of single elements are not reduced: take their `mean` or `sum`. They want
/// predictions and targets of one shape, or a scalar on either side, and throw ShapeError for
/// others: a target [32] beside a prediction [32,1] would make [32,32] errors, so what is to be
/// broadcast goes through `broadcast_to` first.
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
      "digits; 0 where x is infinite and the target certain; slope in x sigmoid(x) - target.";
  template <class T>
  T operator()(T x, T target) const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const T below = select(x == -infinity, pull(-target, x), softplus(x) - x * target);
    return select(x == infinity, pull(1 - target, x), below);
  }
};

struct Huber {
  double delta = 1;
  using attributes = dagrad::attributes<&Huber::delta>;
  static constexpr auto name = "huber";
  static constexpr auto doc =
      "Of d = prediction - target d * d / 2 where |d| <= delta, delta * (|d| - delta / 2) beyond "
      "(Huber 1964); its slope is d, cut off at delta.";
  template <class T>
  T operator()(T prediction, T target) const {
    const T d = prediction - target, size = abs(d);
    return select(size <= delta, square(d) / 2, delta * (size - delta / 2));
  }
  static constexpr bool joint_shape = true;
  Type infer(std::span<const Type> in) const;
};

struct Hinge {
  static constexpr auto name = "hinge";
  static constexpr auto doc =
      "max(0, 1 - target * x) of each element, for targets -1 and 1; slope 0 at the kink.";
  template <class T>
  T operator()(T x, T target) const {
    const T short_of_margin = 1 - target * x;
    return select(short_of_margin <= 0, 0, short_of_margin);
  }
};

struct KlDivergence {
  static constexpr auto name = "kl_divergence";
  static constexpr auto doc =
      "target * (log(target) - log_p) of each element: a term of the Kullback-Leibler divergence "
      "from p to the target. 0 where the target is 0.";
  template <class T>
  T operator()(T log_p, T target) const {
    return pull(target, log(target) - log_p);
  }
  static Samples samples(Rng& rng);
};

struct NegativeLogLikelihood {
  static constexpr auto name = "nll";
  static constexpr auto doc =
      "Of each row of log-probabilities [..., classes] the negative of the one that belongs to a "
      "class index.";
  static constexpr std::size_t operands = 2;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct CrossEntropy {
  double smoothing = 0;
  using attributes = dagrad::attributes<&CrossEntropy::smoothing>;
  static constexpr auto name = "cross_entropy";
  static constexpr auto doc =
      "Of each row of logits [..., classes] the cross entropy with its target: a class index, or a "
      "probability for each class, of which 0 counts nothing. Smoothing mixes that with the "
      "uniform "
      "distribution. Slope softmax(logits) * sum(target) - target.";
  static constexpr std::size_t operands = 2;
  Type infer(std::span<const Type> in) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Mean of (prediction - target)^2 over all elements, a scalar.
Value mse(const Operand& prediction, const Operand& target);
/// (prediction - target)^2 / 2 of each element: its slope is the error itself.
Value half_squared_error(const Operand& prediction, const Operand& target);
/// Of each element, for a probability p, NaN outside of [0, 1], and a target in [0, 1]. Of what a
/// sigmoid gives, binary_cross_entropy_with_logits keeps the digits that this one loses.
Value binary_cross_entropy(const Operand& p, const Operand& target);
/// Of each element, for the logit x of a probability, any number, and a target in [0, 1].
Value binary_cross_entropy_with_logits(const Operand& x, const Operand& target);
/// Of each element: quadratic near 0, linear beyond delta; `huber(p, t, beta) / beta` is the smooth
/// L1 loss. Throws ArgumentError unless delta is positive and finite.
Value huber(const Operand& prediction, const Operand& target, double delta = 1);
/// Of each element. Targets are -1 and 1, of the dtype of x.
Value hinge(const Operand& x, const Operand& target);
/// Of each element, of probabilities `target` and log-probabilities, as log_softmax gives them. Its
/// sum over the classes is the divergence of a row.
Value kl_divergence(const Operand& log_probabilities, const Operand& target);
/// Mean of -log p over the rows of log-probabilities [..., classes], a scalar, for int32 or int64
/// class indices [...]. Throws ShapeError for other shapes, no rows or no classes, TypeError for
/// other dtypes; a run throws where an index is outside of [0, classes), naming it.
Value nll(const Operand& log_probabilities, const Operand& targets);
/// Mean over the rows of logits [..., classes], a scalar. Targets are int32 or int64 class indices
/// [...], or probabilities of the shape and dtype of the logits. With `smoothing` s (Szegedy et al.
/// 2016) they count as target * (1 - s) + s / classes. Throws as nll, and ArgumentError unless
/// 0 <= smoothing < 1.
Value cross_entropy(const Operand& logits, const Operand& targets, double smoothing = 0);

}  // namespace dagrad
