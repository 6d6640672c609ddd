#pragma once

#include "dagrad/apply.hpp"

/// Elementwise functions of floats: operands broadcast; ints are a TypeError.
namespace dagrad {

struct Exp {
  static constexpr auto name = "exp", doc = "e to the power of x.";
  template <class T>
  T operator()(T x) const {
    return exp(x);
  }
};

struct Exp2 {
  static constexpr auto name = "exp2", doc = "2 to the power of x.";
  template <class T>
  T operator()(T x) const {
    return exp2(x);
  }
};

struct Expm1 {
  static constexpr auto name = "expm1",
                        doc = "exp(x) - 1, without loss of digits near 0; derivative exp(x).";
  template <class T>
  T operator()(T x) const {
    return expm1(x);
  }
};

struct Log {
  static constexpr auto name = "log", doc = "Natural logarithm.";
  template <class T>
  T operator()(T x) const {
    return log(x);
  }
  static Samples samples(Rng& rng);
};

struct Log2 {
  static constexpr auto name = "log2", doc = "Logarithm to base 2.";
  template <class T>
  T operator()(T x) const {
    return log2(x);
  }
  static Samples samples(Rng& rng);
};

struct Log10 {
  static constexpr auto name = "log10", doc = "Logarithm to base 10.";
  template <class T>
  T operator()(T x) const {
    return log10(x);
  }
  static Samples samples(Rng& rng);
};

struct Log1p {
  static constexpr auto name = "log1p", doc = "log(1 + x), without loss of digits near 0.";
  template <class T>
  T operator()(T x) const {
    return log1p(x);
  }
  static Samples samples(Rng& rng);
};

struct Cbrt {
  static constexpr auto name = "cbrt";
  static constexpr auto doc =
      "Cube root, with the sign of x; derivative 1/3 / (out * out), infinite at 0.";
  template <class T>
  T operator()(T x) const {
    return cbrt(x);
  }
  static Samples samples(Rng& rng);
};

struct Pow {
  static constexpr auto name = "pow";
  static constexpr auto doc =
      "x to the power of y. The derivative in x is 0 where y is 0; that in y is 0 where x is 0 and "
      "y >= 0, and NaN where x < 0.";
  template <class T>
  T operator()(T x, T y) const {
    return pow(x, y);
  }
  static Samples samples(Rng& rng);
};

struct Power {
  double exponent = 2;
  using attributes = dagrad::attributes<&Power::exponent>;
  static constexpr auto name = "power";
  static constexpr auto doc =
      "x to the power of a plain number: pow(x, exponent), computed by products, a quotient or a "
      "square root where the exponent is an integer from -4 to 8, 1/2 or -1/2. The derivative is 0 "
      "where the exponent is 0.";
  template <class T>
  T operator()(T x) const {
    return pow(x, exponent);
  }
  static Samples samples(Rng& rng);
};

struct Hypot {
  static constexpr auto name = "hypot", doc = "sqrt(a * a + b * b), without overflow.";
  static constexpr bool commutative = true;
  template <class T>
  T operator()(T a, T b) const {
    return hypot(a, b);
  }
};

struct Logaddexp {
  static constexpr auto name = "logaddexp", doc = "log(exp(a) + exp(b)), without overflow.";
  static constexpr bool commutative = true;
  template <class T>
  T operator()(T a, T b) const {
    return logaddexp(a, b);
  }
};

struct Sin {
  static constexpr auto name = "sin", doc = "Sine, in [-1, 1].";
  template <class T>
  T operator()(T x) const {
    return sin(x);
  }
};

struct Cos {
  static constexpr auto name = "cos", doc = "Cosine, in [-1, 1].";
  template <class T>
  T operator()(T x) const {
    return cos(x);
  }
};

struct Tan {
  static constexpr auto name = "tan", doc = "Tangent.";
  template <class T>
  T operator()(T x) const {
    return tan(x);
  }
  static Samples samples(Rng& rng);
};

struct Asin {
  static constexpr auto
      name = "asin",
      doc = "Inverse sine; NaN outside of [-1, 1]; the derivative is infinite at -1 and 1.";
  template <class T>
  T operator()(T x) const {
    return asin(x);
  }
  static Samples samples(Rng& rng);
};

struct Acos {
  static constexpr auto
      name = "acos",
      doc = "Inverse cosine; NaN outside of [-1, 1]; the derivative is infinite at -1 and 1.";
  template <class T>
  T operator()(T x) const {
    return acos(x);
  }
  static Samples samples(Rng& rng);
};

struct Atan {
  static constexpr auto name = "atan", doc = "Inverse tangent.";
  template <class T>
  T operator()(T x) const {
    return atan(x);
  }
};

struct Atan2 {
  static constexpr auto name = "atan2";
  static constexpr auto doc =
      "The angle of the point (x, y), whose coordinates are passed as (y, x); both derivatives are "
      "0 at the origin.";
  template <class T>
  T operator()(T y, T x) const {
    return atan2(y, x);
  }
};

struct Sinh {
  static constexpr auto name = "sinh", doc = "Hyperbolic sine.";
  template <class T>
  T operator()(T x) const {
    return sinh(x);
  }
};

struct Cosh {
  static constexpr auto name = "cosh", doc = "Hyperbolic cosine.";
  template <class T>
  T operator()(T x) const {
    return cosh(x);
  }
};

struct Tanh {
  static constexpr auto name = "tanh";
  static constexpr auto doc =
      "Hyperbolic tangent. The derivative, 4 sigmoid(2x) sigmoid(-2x), stays accurate where the "
      "function saturates.";
  template <class T>
  T operator()(T x) const {
    return tanh(x);
  }
};

struct Asinh {
  static constexpr auto name = "asinh",
                        doc = "Inverse hyperbolic sine; derivative 1 / hypot(1, x).";
  template <class T>
  T operator()(T x) const {
    return asinh(x);
  }
};

struct Acosh {
  static constexpr auto name = "acosh";
  static constexpr auto doc =
      "Inverse hyperbolic cosine; NaN below 1; the derivative is infinite at 1.";
  template <class T>
  T operator()(T x) const {
    return acosh(x);
  }
  static Samples samples(Rng& rng);
};

struct Atanh {
  static constexpr auto name = "atanh";
  static constexpr auto doc = "Inverse hyperbolic tangent; infinite at -1 and 1, NaN beyond.";
  template <class T>
  T operator()(T x) const {
    return atanh(x);
  }
  static Samples samples(Rng& rng);
};

struct Lgamma {
  static constexpr auto name = "lgamma";
  static constexpr auto doc = "log |gamma(x)|; infinite at 0, -1, -2, …; derivative digamma(x).";
  template <class T>
  T operator()(T x) const {
    return lgamma(x);
  }
  static Samples samples(Rng& rng);
};

struct Digamma {
  static constexpr auto name = "digamma";
  static constexpr auto doc =
      "The derivative of lgamma; differentiable to any order. It is NaN at -1, -2, …, and infinite "
      "at 0 with the sign of -x. Abramowitz and Stegun 6.3.";
  template <class T>
  T operator()(T x) const {
    return digamma(x);
  }
  static Samples samples(Rng& rng);
};

struct Erf {
  static constexpr auto name = "erf", doc = "Error function.";
  template <class T>
  T operator()(T x) const {
    return erf(x);
  }
};

struct Erfc {
  static constexpr auto name = "erfc", doc = "1 - erf(x), without loss of digits.";
  template <class T>
  T operator()(T x) const {
    return erfc(x);
  }
};

Value exp(const Operand& x);
Value exp2(const Operand& x);
Value expm1(const Operand& x);
Value log(const Operand& x);
Value log2(const Operand& x);
Value log10(const Operand& x);
Value log1p(const Operand& x);
Value cbrt(const Operand& x);
// An exponent that is a plain number other than 0 makes a node of `power`.
Value pow(const Operand& x, const Operand& y);
Value hypot(const Operand& a, const Operand& b);
Value logaddexp(const Operand& a, const Operand& b);
Value sin(const Operand& x);
Value cos(const Operand& x);
Value tan(const Operand& x);
Value asin(const Operand& x);
Value acos(const Operand& x);
Value atan(const Operand& x);
Value atan2(const Operand& y, const Operand& x);
Value sinh(const Operand& x);
Value cosh(const Operand& x);
Value tanh(const Operand& x);
Value asinh(const Operand& x);
Value acosh(const Operand& x);
Value atanh(const Operand& x);
Value lgamma(const Operand& x);
Value digamma(const Operand& x);
Value erf(const Operand& x);
Value erfc(const Operand& x);

}  // namespace dagrad
