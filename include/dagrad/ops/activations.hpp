#pragma once

#include "dagrad/apply.hpp"

/// Activation functions. All of them propagate NaN.
namespace dagrad {

struct Sigmoid {
  static constexpr auto name = "sigmoid";
  static constexpr auto doc =
      "1 / (1 + exp(-x)), computed from exp(-|x|), which cannot overflow. The derivative, "
      "sigmoid(x) sigmoid(-x), stays accurate where the function saturates.";
  template <class T>
  T operator()(T x) const {
    return sigmoid(x);
  }
};

struct Softplus {
  static constexpr auto name = "softplus";
  static constexpr auto doc =
      "log(1 + exp(x)), without overflow or loss of digits; derivative sigmoid(x).";
  template <class T>
  T operator()(T x) const {
    return softplus(x);
  }
};

struct Relu {
  static constexpr auto name = "relu", doc = "x where x > 0, else 0; derivative 0 at 0.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return select(x <= 0, 0, x);
  }
};

struct Relu6 {
  static constexpr auto name = "relu6",
                        doc = "x limited to the range from 0 to 6; derivative 0 at both ends.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return select(x <= 0, 0, select(x >= 6, 6, x));
  }
};

struct LeakyRelu {
  double slope = 0.01;
  using attributes = dagrad::attributes<&LeakyRelu::slope>;
  static constexpr auto name = "leaky_relu",
                        doc = "x where x > 0, else slope * x; derivative `slope` at 0.";
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
      "x where x > 0, else alpha * (exp(x) - 1); derivative `alpha` at 0. Clevert et al. 2015.";
  template <class T>
  T operator()(T x) const {
    return select(x > 0, x, alpha * expm1(x));
  }
};

struct Celu {
  double alpha = 1;
  using attributes = dagrad::attributes<&Celu::alpha>;
  static constexpr auto name = "celu";
  static constexpr auto doc =
      "x where x > 0, else alpha * (exp(x / alpha) - 1), for alpha > 0; derivative 1 at 0. Barron "
      "2017.";
  template <class T>
  T operator()(T x) const {
    return select(x > 0, x, alpha * expm1(x / alpha));
  }
};

struct Selu {
  static constexpr auto name = "selu";
  static constexpr auto doc =
      "scale * elu(x, alpha) with scale 1.0507009873554805 and alpha 1.6732632423543772, which "
      "drive activations towards mean 0 and variance 1; derivative scale * alpha at 0. Klambauer "
      "et al. 2017.";
  template <class T>
  T operator()(T x) const {
    return select(x > 0, 1.05070098735548049342 * x, 1.75809934084737685994 * expm1(x));
  }
};

struct HardSigmoid {
  static constexpr auto name = "hard_sigmoid";
  static constexpr auto doc =
      "(x + 3) / 6 limited to the range from 0 to 1; derivative 0 at -3 and 3. Howard et al. 2019.";
  template <class T>
  T operator()(T x) const {
    return select(x <= -3, 0, select(x >= 3, 1, (x + 3) / 6));
  }
};

struct HardSwish {
  static constexpr auto name = "hard_swish";
  static constexpr auto doc =
      "x * hard_sigmoid(x); derivative 0 at -3 and 1 at 3. Howard et al. 2019.";
  template <class T>
  T operator()(T x) const {
    return select(x <= -3, 0, select(x >= 3, x, x * (x + 3) / 6));
  }
};

struct Softsign {
  static constexpr auto name = "softsign";
  static constexpr auto doc =
      "x / (1 + |x|); derivative 1 / (1 + |x|)^2, whose own derivative at 0 is 0.";
  template <class T>
  T operator()(T x) const {
    return select(is_finite(x), x / (1 + abs(x)), sign(x));
  }
  Grads grad(const GradContext& g) const;
};

namespace formulas {
/// An activation that equals relu, up to rounding, far from 0, where `near` may overflow.
template <class T>
T relu_far_out(T x, T near) {
  return select(x <= -1000, 0, select(x >= 1000, x, near));
}
}  // namespace formulas

struct Gelu {
  static constexpr auto name = "gelu";
  static constexpr auto doc =
      "x times the standard normal distribution function at x: x/2 * erfc(-x / sqrt(2)). Hendrycks "
      "and Gimpel 2016.";
  template <class T>
  T operator()(T x) const {
    return formulas::relu_far_out(x, 0.5 * x * erfc(x * -0.70710678118654752440));
  }
};

struct GeluTanh {
  static constexpr auto name = "gelu_tanh";
  static constexpr auto doc =
      "The approximation of gelu by tanh: x/2 * (1 + tanh(u)) with u = sqrt(2 / pi) * (x + "
      "0.044715 x^3), computed as x * sigmoid(2u). Hendrycks and Gimpel 2016.";
  template <class T>
  T operator()(T x) const {
    const T u2 = 1.59576912160573071176 * (x + 0.044715 * x * x * x);
    return formulas::relu_far_out(x, x * sigmoid(u2));
  }
};

struct Silu {
  static constexpr auto name = "silu",
                        doc = "x * sigmoid(x). Hendrycks and Gimpel 2016; Elfwing et al. 2017.";
  template <class T>
  T operator()(T x) const {
    return formulas::relu_far_out(x, x * sigmoid(x));
  }
};

/// Computes tanh(softplus(x)) from whichever of p = sigmoid(x) and q = sigmoid(-x) is small. In
/// this form nothing overflows, and neither the function nor its derivatives subtract numbers that
/// are nearly equal.
struct Mish {
  static constexpr auto name = "mish";
  static constexpr auto doc =
      "x * tanh(softplus(x)), computed as x * (1 - q^2) / (1 + q^2) with q = sigmoid(-x). Misra "
      "2019.";
  template <class T>
  T operator()(T x) const {
    const T p = sigmoid(x), q = sigmoid(-x);
    const T left = p * (2 - p) / (1 + (1 - p) * (1 - p)), right = (1 - q * q) / (1 + q * q);
    return formulas::relu_far_out(x, x * select(x <= 0, left, right));
  }
};

Value sigmoid(const Operand& x);
Value softplus(const Operand& x);
Value relu(const Operand& x);
Value relu6(const Operand& x);
Value leaky_relu(const Operand& x, double slope = 0.01);
Value elu(const Operand& x, double alpha = 1);

/// Throws ArgumentError unless alpha > 0.
Value celu(const Operand& x, double alpha = 1);

Value selu(const Operand& x);
Value hard_sigmoid(const Operand& x);
Value hard_swish(const Operand& x);
Value softsign(const Operand& x);
Value gelu(const Operand& x);
Value gelu_tanh(const Operand& x);
Value silu(const Operand& x);
Value mish(const Operand& x);

}  // namespace dagrad
