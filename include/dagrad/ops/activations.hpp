#pragma once

#include "dagrad/graph.hpp"

/// Activation functions. NaN passes through all of them.
namespace dagrad {

struct Sigmoid {
  static constexpr auto name = "sigmoid";
  static constexpr auto doc =
      "1 / (1 + exp(-x)), by exp(-|x|), which cannot overflow; slope sigmoid(x) sigmoid(-x), exact "
      "where it saturates.";
  template <class T>
  T operator()(T x) const {
    return sigmoid(x);
  }
};

struct Softplus {
  static constexpr auto name = "softplus";
  static constexpr auto doc =
      "log(1 + exp(x)) without overflow or loss of digits; slope sigmoid(x).";
  template <class T>
  T operator()(T x) const {
    return softplus(x);
  }
};

struct Relu {
  static constexpr auto name = "relu", doc = "x where x > 0, else 0; slope 0 at 0.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return select(x <= 0, 0, x);
  }
};

struct LeakyRelu {
  double slope = 0.01;
  using attributes = dagrad::attributes<&LeakyRelu::slope>;
  static constexpr auto name = "leaky_relu", doc = "x where x > 0, else slope * x; `slope` at 0.";
  template <class T>
  T operator()(T x) const {
    return select(x <= 0, slope * x, x);
  }
};

struct Elu {
  double alpha = 1;
  using attributes = dagrad::attributes<&Elu::alpha>;
  static constexpr auto name = "elu";
  static constexpr auto doc =
      "x where x > 0, else alpha * (exp(x) - 1); slope `alpha` at 0. Clevert et al. 2015.";
  template <class T>
  T operator()(T x) const {
    return select(x > 0, x, alpha * expm1(x));
  }
};

namespace detail {
/// An activation that is `near` where that can be computed, and has become relu beyond.
template <class T>
T relu_far_out(T x, T near) {
  return select(abs(x) < 1000, near, select(x <= 0, 0, x));
}
}  // namespace detail

struct Gelu {
  static constexpr auto name = "gelu";
  static constexpr auto doc =
      "x times the standard normal distribution's share below x: x/2 * erfc(-x / sqrt(2)). "
      "Hendrycks and Gimpel 2016.";
  template <class T>
  T operator()(T x) const {
    return detail::relu_far_out(x, 0.5 * x * erfc(x * -0.70710678118654752440));
  }
};

struct GeluTanh {
  static constexpr auto name = "gelu_tanh";
  static constexpr auto doc =
      "gelu's approximation x/2 * (1 + tanh(u)) with u = sqrt(2 / pi) * (x + 0.044715 x^3), "
      "computed as x * sigmoid(2u). Hendrycks and Gimpel 2016.";
  template <class T>
  T operator()(T x) const {
    const T u2 = 1.59576912160573071176 * (x + 0.044715 * x * x * x);
    return detail::relu_far_out(x, x * sigmoid(u2));
  }
};

struct Silu {
  static constexpr auto name = "silu",
                        doc = "x * sigmoid(x). Hendrycks and Gimpel 2016; Elfwing et al. 2017.";
  template <class T>
  T operator()(T x) const {
    return detail::relu_far_out(x, x * sigmoid(x));
  }
};

Value sigmoid(const Operand& x);
Value softplus(const Operand& x);
Value relu(const Operand& x);
Value leaky_relu(const Operand& x, double slope = 0.01);
Value elu(const Operand& x, double alpha = 1);
Value gelu(const Operand& x);
Value gelu_tanh(const Operand& x);
Value silu(const Operand& x);

}  // namespace dagrad
