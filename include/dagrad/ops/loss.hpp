#pragma once

#include <array>
#include <limits>
#include <memory>

#include "dagrad/apply.hpp"

/// Losses. The elementwise ones are not reduced: take their `mean` or `sum`. They and `mse` need
/// predictions and targets of the same shape, or a scalar on either side, and throw ShapeError for
/// other shapes: a target [32] beside a prediction [32,1] would give [32,32] errors. To repeat one
/// side on purpose, use `broadcast_to`.
namespace dagrad {

struct HalfSquaredError {
  static constexpr auto name = "half_squared_error";
  static constexpr auto doc =
      "(prediction - target)^2 / 2 for each element; derivative prediction - target.";
  template <class T>
  T operator()(T prediction, T target) const {
    return square(prediction - target) / 2;
  }
};

struct BinaryCrossEntropy {
  static constexpr auto name = "binary_cross_entropy";
  static constexpr auto doc =
      "-(target * log(p) + (1 - target) * log(1 - p)) for each element, where 0 * log(0) is 0. The "
      "derivative in p is (1 - target) / (1 - p) - target / p, where a term with numerator 0 is 0.";
  template <class T>
  T operator()(T p, T target) const {
    return -(pull(target, log(p)) + pull(1 - target, log1p(-p)));
  }
  static Samples samples(Rng& rng);
};

struct BinaryCrossEntropyWithLogits {
  static constexpr auto name = "binary_cross_entropy_with_logits";
  static constexpr auto doc =
      "binary_cross_entropy of sigmoid(x), computed as softplus(x) - x * target without overflow "
      "or loss of digits; 0 where x is infinite and the target agrees with it. The derivative in x "
      "is sigmoid(x) - target.";
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
      "For d = prediction - target: d * d / 2 where |d| <= delta, and delta * (|d| - delta / 2) "
      "beyond (Huber 1964). The derivative is d limited to [-delta, delta].";
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
      "max(0, 1 - target * x) for each element, for targets -1 and 1; derivative 0 at the kink.";
  template <class T>
  T operator()(T x, T target) const {
    const T short_of_margin = 1 - target * x;
    return select(short_of_margin <= 0, 0, short_of_margin);
  }
};

struct KlDivergence {
  static constexpr auto name = "kl_divergence";
  static constexpr auto doc =
      "target * (log(target) - log_probabilities) for each element: one term of the "
      "Kullback-Leibler divergence of the probabilities from the target; 0 where the target is 0.";
  template <class T>
  T operator()(T log_probabilities, T target) const {
    return pull(target, log(target) - log_probabilities);
  }
  static Samples samples(Rng& rng);
};

struct NegativeLogLikelihood {
  static constexpr auto name = "nll";
  static constexpr auto doc =
      "The negative log-probability that a class index selects from its row of log-probabilities "
      "[..., classes]. The op gives one value per row, [...]; the builder returns their mean.";
  static constexpr std::size_t operands = 2;
  static constexpr Batching batching = Batching::leading;
  static constexpr bool raises_flags = true;
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
      "The cross entropy between softmax(logits), over the last axis of [..., classes], and a "
      "target: a class index, or a probability for each class, where classes of probability 0 "
      "contribute nothing. Smoothing mixes the targets with the uniform distribution. The op gives "
      "one value per row, [...], with derivative softmax(logits) * sum(target) - target; the "
      "builder returns their mean.";
  static constexpr std::size_t operands = 2;
  static constexpr Batching batching = Batching::leading;
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// The gradient rule of CrossEntropy appends this op, which is linear in its cotangent d, for class
/// indices.
struct CrossEntropyGradient {
  double smoothing = 0;
  using attributes = dagrad::attributes<&CrossEntropyGradient::smoothing>;
  static constexpr auto name = "cross_entropy_gradient";
  static constexpr auto doc =
      "d * (softmax(logits) - target) for a cotangent d of cross_entropy, one for each row, logits "
      "and class indices. Smoothing mixes the targets with the uniform distribution.";
  static constexpr std::size_t operands = 3;
  static constexpr Batching batching = Batching::leading;
  static constexpr std::array in_place{1};
  static constexpr int like = 1;
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  std::shared_ptr<const ProgramLoop> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Mean of (prediction - target)^2 over all elements, a scalar.
Value mse(const Operand& prediction, const Operand& target);
/// (prediction - target)^2 / 2 for each element: its derivative is the error itself.
Value half_squared_error(const Operand& prediction, const Operand& target);
/// The binary cross entropy of each element, for a probability p (outside of [0, 1] the result is
/// NaN) and a target in [0, 1]. If p comes from a sigmoid, prefer
/// `binary_cross_entropy_with_logits`: it keeps digits that are lost here.
Value binary_cross_entropy(const Operand& p, const Operand& target);
/// The binary cross entropy of each element, where x is the logit of a probability (any number) and
/// the target lies in [0, 1].
Value binary_cross_entropy_with_logits(const Operand& x, const Operand& target);
/// The Huber loss of each element: quadratic near 0, linear beyond delta. `huber(p, t, beta) /
/// beta` is the smooth L1 loss. Throws ArgumentError unless delta is positive and finite.
Value huber(const Operand& prediction, const Operand& target, double delta = 1);
/// The hinge loss of each element. Targets are -1 and 1, in the dtype of x.
Value hinge(const Operand& x, const Operand& target);
/// The divergence term of each element, for probabilities `target` and log-probabilities such as
/// `log_softmax` gives. Its sum over the classes is the divergence of a row.
Value kl_divergence(const Operand& log_probabilities, const Operand& target);
/// The mean of -log p over the rows of log-probabilities [..., classes], a scalar, for int32 or
/// int64 class indices [...]. Throws ShapeError for other shapes, for no rows and for no classes,
/// and TypeError for other dtypes; a run throws if an index is outside of [0, classes), naming it.
Value nll(const Operand& log_probabilities, const Operand& targets);
/// The mean cross entropy over the rows of logits [..., classes], a scalar. Targets are int32 or
/// int64 class indices [...], or probabilities of the shape and dtype of the logits. With
/// `smoothing` s (Szegedy et al. 2016), targets become target * (1 - s) + s / classes. Throws as
/// `nll` does, and ArgumentError unless 0 <= smoothing < 1.
Value cross_entropy(const Operand& logits, const Operand& targets, double smoothing = 0);

}  // namespace dagrad
