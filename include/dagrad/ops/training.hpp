#pragma once

#include <array>

#include "dagrad/apply.hpp"

/// What optimisers are made of, one op a step: it reads a parameter, what is remembered beside it
/// and its gradient once, and gives the next value of each. See `dagrad/optimizers.hpp`.
namespace dagrad {

struct Descend {
  static constexpr auto name = "descend";
  static constexpr auto doc = "parameter - rate * gradient.";
  template <class T>
  T operator()(T parameter, T gradient, T rate) const {
    return parameter - rate * gradient;
  }
};

struct DescendWithMomentum {
  double momentum = 0.9;
  bool nesterov = false;
  using attributes =
      dagrad::attributes<&DescendWithMomentum::momentum, &DescendWithMomentum::nesterov>;
  static constexpr auto name = "descend_with_momentum";
  static constexpr auto doc =
      "next = momentum * velocity + gradient; gives parameter - rate * next, and next. With "
      "nesterov the parameter moves by gradient + momentum * next instead.";
  template <class T>
  std::array<T, 2> operator()(T parameter, T velocity, T gradient, T rate) const {
    const T next = momentum * velocity + gradient;
    if (nesterov) return {parameter - rate * (gradient + momentum * next), next};
    return {parameter - rate * next, next};
  }
};

struct AdamStep {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  using attributes = dagrad::attributes<&AdamStep::beta1, &AdamStep::beta2, &AdamStep::epsilon>;
  static constexpr auto name = "adam_step";
  static constexpr auto doc =
      "m = first + (1 - beta1) * (gradient - first), v = beta2 * second + (1 - beta2) * "
      "gradient^2; "
      "gives keep * parameter - rate * m / (sqrt(v) / scale + epsilon), m and v. Rate and scale "
      "hold "
      "the corrections of the moments' bias, keep the decay of weights.";
  template <class T>
  std::array<T, 3> operator()(T parameter, T first, T second, T gradient, T rate, T scale,
                              T keep) const {
    const T m = first + (1 - beta1) * (gradient - first);
    const T v = beta2 * second + (1 - beta2) * gradient * gradient;
    return {keep * parameter - rate * (m / (sqrt(v) / scale + epsilon)), m, v};
  }
  static Samples samples(Rng& rng);
};

/// What the four forms of RMSprop share.
struct RmspropForm {
  double decay = 0.99;
  double epsilon = 1e-8;

  template <class T>
  T next_square(T square, T gradient) const {
    return decay * square + (1 - decay) * gradient * gradient;
  }
  template <class T>
  T next_mean(T mean, T gradient) const {
    return mean + (1 - decay) * (gradient - mean);
  }
  /// The gradient over its root mean square; with a mean, over its deviation, whose square rounding
  /// could make negative.
  template <class T>
  T scaled(T gradient, T square) const {
    return gradient / (sqrt(square) + epsilon);
  }
  template <class T>
  T scaled(T gradient, T square, T mean) const {
    const T variance = square - mean * mean;
    return gradient / (sqrt(select(variance < 0, 0, variance)) + epsilon);
  }
};

struct RmspropStep : RmspropForm {
  using attributes = dagrad::attributes<&RmspropStep::decay, &RmspropStep::epsilon>;
  static constexpr auto name = "rmsprop_step";
  static constexpr auto doc =
      "s = decay * square + (1 - decay) * gradient^2; gives parameter - rate * gradient / (sqrt(s) "
      "+ epsilon), and s.";
  template <class T>
  std::array<T, 2> operator()(T parameter, T square, T gradient, T rate) const {
    const T s = next_square(square, gradient);
    return {parameter - rate * scaled(gradient, s), s};
  }
  static Samples samples(Rng& rng);
};

struct CentredRmspropStep : RmspropForm {
  using attributes = dagrad::attributes<&CentredRmspropStep::decay, &CentredRmspropStep::epsilon>;
  static constexpr auto name = "centred_rmsprop_step";
  static constexpr auto doc =
      "s as of rmsprop_step, m = mean + (1 - decay) * (gradient - mean); gives parameter - rate * "
      "gradient / (sqrt(s - m^2) + epsilon), s and m. s - m^2 is at least 0.";
  template <class T>
  std::array<T, 3> operator()(T parameter, T square, T mean, T gradient, T rate) const {
    const T s = next_square(square, gradient), m = next_mean(mean, gradient);
    return {parameter - rate * scaled(gradient, s, m), s, m};
  }
  static Samples samples(Rng& rng);
};

struct RmspropStepWithMomentum : RmspropForm {
  double momentum = 0.9;
  using attributes =
      dagrad::attributes<&RmspropStepWithMomentum::decay, &RmspropStepWithMomentum::epsilon,
                         &RmspropStepWithMomentum::momentum>;
  static constexpr auto name = "rmsprop_step_with_momentum";
  static constexpr auto doc =
      "next = momentum * velocity + what rmsprop_step multiplies by rate; gives parameter - rate * "
      "next, s and next.";
  template <class T>
  std::array<T, 3> operator()(T parameter, T square, T velocity, T gradient, T rate) const {
    const T s = next_square(square, gradient);
    const T next = momentum * velocity + scaled(gradient, s);
    return {parameter - rate * next, s, next};
  }
  static Samples samples(Rng& rng);
};

struct CentredRmspropStepWithMomentum : RmspropForm {
  double momentum = 0.9;
  using attributes = dagrad::attributes<&CentredRmspropStepWithMomentum::decay,
                                        &CentredRmspropStepWithMomentum::epsilon,
                                        &CentredRmspropStepWithMomentum::momentum>;
  static constexpr auto name = "centred_rmsprop_step_with_momentum";
  static constexpr auto doc =
      "next = momentum * velocity + what centred_rmsprop_step multiplies by rate; gives parameter "
      "- "
      "rate * next, s, m and next.";
  template <class T>
  std::array<T, 4> operator()(T parameter, T square, T mean, T velocity, T gradient, T rate) const {
    const T s = next_square(square, gradient), m = next_mean(mean, gradient);
    const T next = momentum * velocity + scaled(gradient, s, m);
    return {parameter - rate * next, s, m, next};
  }
  static Samples samples(Rng& rng);
};

struct GlobalNorm {
  static constexpr auto name = "global_norm";
  static constexpr auto doc =
      "The Euclidean norm of all elements of all operands together, summed in float64 without "
      "needless overflow; float64 if an operand is. NaN if an element is. Slope x / norm, at norm "
      "0 "
      "taken as 0.";
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// The norm of values that may differ in shape and dtype, a scalar. Throws ArgumentError without
/// values, TypeError where one is no float.
Value global_norm(std::span<const Value> values);

}  // namespace dagrad
