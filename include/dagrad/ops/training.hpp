#pragma once

#include <array>

#include "dagrad/apply.hpp"

/// The steps of the optimisers, one op each. A step reads a parameter, its gradient and the
/// optimiser's state for it once, and gives the next value of the parameter and of the state. See
/// `dagrad/optimizers.hpp`.
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
      "With next = momentum * velocity + gradient, gives parameter - rate * next, and next. With "
      "nesterov, the parameter moves by rate * (gradient + momentum * next) instead.";
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
      "With m = first + (1 - beta1) * (gradient - first) and v = beta2 * second + (1 - beta2) * "
      "gradient^2, gives keep * parameter - rate * m / (sqrt(v) / scale + epsilon), m and v. "
      "`rate` and `scale` include the bias corrections of the moments, and `keep` the weight "
      "decay.";
  template <class T>
  std::array<T, 3> operator()(T parameter, T first, T second, T gradient, T rate, T scale,
                              T keep) const {
    const T m = first + (1 - beta1) * (gradient - first);
    const T v = beta2 * second + (1 - beta2) * gradient * gradient;
    return {keep * parameter - rate * (m / (sqrt(v) / scale + epsilon)), m, v};
  }
  static Samples samples(Rng& rng);
};

struct AdagradStep {
  double epsilon = 1e-10;
  using attributes = dagrad::attributes<&AdagradStep::epsilon>;
  static constexpr auto name = "adagrad_step";
  static constexpr auto doc =
      "With s = square_sum + gradient^2, gives parameter - rate * gradient / (sqrt(s) + epsilon), "
      "and s.";
  template <class T>
  std::array<T, 2> operator()(T parameter, T square_sum, T gradient, T rate) const {
    const T s = square_sum + gradient * gradient;
    return {parameter - rate * gradient / (sqrt(s) + epsilon), s};
  }
  static Samples samples(Rng& rng);
};

/// What the four forms of RMSprop have in common.
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
  /// The gradient divided by its root mean square; given a mean, by its standard deviation, whose
  /// square is kept from becoming negative by rounding.
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
      "With s = decay * square + (1 - decay) * gradient^2, gives parameter - rate * gradient / "
      "(sqrt(s) + epsilon), and s.";
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
      "With s as in rmsprop_step and m = mean + (1 - decay) * (gradient - mean), gives parameter - "
      "rate * gradient / (sqrt(s - m^2) + epsilon), s and m. s - m^2 is taken as at least 0.";
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
      "With next = momentum * velocity + the quotient that rmsprop_step multiplies by rate, gives "
      "parameter - rate * next, s and next.";
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
      "With next = momentum * velocity + the quotient that centred_rmsprop_step multiplies by "
      "rate, gives parameter - rate * next, s, m and next.";
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
      "avoidable overflow. The result is float64 if an operand is, and NaN if an element is. The "
      "gradient is x / norm, and 0 where the norm is 0.";
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  static Samples samples(Rng& rng);
};

/// The Euclidean norm of all elements of the values together, a scalar; shapes and dtypes may
/// differ. Throws ArgumentError if there are no values, and TypeError if a value is not float32 or
/// float64.
Value global_norm(std::span<const Value> values);

}  // namespace dagrad
