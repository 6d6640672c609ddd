#pragma once

#include "dagrad/apply.hpp"

/// Elementwise arithmetic: operands broadcast, and their dtypes are promoted. Integer +, − and ×
/// wrap around.
namespace dagrad {

struct Neg {
  static constexpr auto name = "neg", doc = "-x.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return -x;
  }
  Grads grad(const GradContext& g) const;
};

struct Abs {
  static constexpr auto name = "abs", doc = "|x|; derivative 0 at 0.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return abs(x);
  }
};

struct Sign {
  static constexpr auto name = "sign",
                        doc = "-1, 0 or 1; a zero or a NaN is its own sign. The derivative is 0.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return sign(x);
  }
};

struct Sqrt {
  static constexpr auto name = "sqrt", doc = "Square root; derivative 1/2 / out, infinite at 0.";
  template <class T>
  T operator()(T x) const {
    return sqrt(x);
  }
  static Samples samples(Rng& rng);
};

struct Rsqrt {
  static constexpr auto name = "rsqrt", doc = "1 / sqrt(x).";
  template <class T>
  T operator()(T x) const {
    return rsqrt(x);
  }
  static Samples samples(Rng& rng);
};

struct Square {
  static constexpr auto name = "square", doc = "x * x.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return x * x;
  }
};

struct Reciprocal {
  static constexpr auto name = "reciprocal", doc = "1 / x.";
  template <class T>
  T operator()(T x) const {
    return 1 / x;
  }
  static Samples samples(Rng& rng);
};

struct Floor {
  static constexpr auto name = "floor", doc = "The largest integer not above x; derivative 0.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return floor(x);
  }
};

struct Ceil {
  static constexpr auto name = "ceil", doc = "The smallest integer not below x; derivative 0.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return ceil(x);
  }
};

struct Round {
  static constexpr auto name = "round",
                        doc = "The nearest integer; halves round to the even one. Derivative 0.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return round(x);
  }
};

struct Trunc {
  static constexpr auto name = "trunc",
                        doc =
                            "x without its fraction: the nearest integer towards 0; derivative 0.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x) const {
    return trunc(x);
  }
};

struct Add {
  static constexpr auto name = "add", doc = "a + b.";
  static constexpr DTypes dtypes = number_dtypes;
  static constexpr bool commutative = true;
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
  Grads grad(const GradContext& g) const;
};

struct Sub {
  static constexpr auto name = "sub", doc = "a - b.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T a, T b) const {
    return a - b;
  }
  Grads grad(const GradContext& g) const;
};

struct Mul {
  static constexpr auto name = "mul", doc = "a * b.";
  static constexpr DTypes dtypes = number_dtypes;
  static constexpr bool commutative = true;
  template <class T>
  T operator()(T a, T b) const {
    return a * b;
  }
  Grads grad(const GradContext& g) const;
};

struct Div {
  static constexpr auto
      name = "div",
      doc =
          "a / b, for floats. Two ints are a TypeError: cast one to a float, or use floor_divide.";
  template <class T>
  T operator()(T a, T b) const {
    return a / b;
  }
  static Samples samples(Rng& rng);
};

struct Remainder {
  static constexpr auto name = "remainder";
  static constexpr auto doc =
      "a - floor(a / b) * b, which has the sign of the divisor; derivatives 1 and -floor(a / b). "
      "An integer division by 0 is an error that names the element.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T a, T b) const {
    return remainder(a, b);
  }
  void validate(std::span<const View> in) const;
  static Samples samples(Rng& rng);
};

struct FloorDivide {
  static constexpr auto name = "floor_divide";
  static constexpr auto doc =
      "floor(a / b), consistent with remainder: the integer nearest to (a - remainder(a, b)) / b. "
      "Both derivatives are 0. An integer division by 0 is an error that names the element.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T a, T b) const {
    return floor_divide(a, b);
  }
  void validate(std::span<const View> in) const;
  static Samples samples(Rng& rng);
};

struct Copysign {
  static constexpr auto name = "copysign";
  static constexpr auto doc =
      "|a| with the sign bit of b, even if b is a zero or a NaN; derivatives sign(a) * copysign(1, "
      "b) and 0.";
  template <class T>
  T operator()(T a, T b) const {
    return copysign(a, b);
  }
};

struct Maximum {
  static constexpr auto
      name = "maximum",
      doc = "The larger of two elements; NaN if either is NaN; at a tie both derivatives are 1/2.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T a, T b) const {
    return maximum(a, b);
  }
};

struct Minimum {
  static constexpr auto
      name = "minimum",
      doc = "The smaller of two elements; NaN if either is NaN; at a tie both derivatives are 1/2.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T a, T b) const {
    return minimum(a, b);
  }
};

struct Clamp {
  static constexpr auto name = "clamp";
  static constexpr auto doc =
      "x limited to the range from low to high; NaN stays NaN. The derivative is 1 in x on the "
      "closed interval, and 1 in a bound where x lies strictly beyond it. Unless low <= high, an "
      "error names the element.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T x, T low, T high) const {
    return select(x < low, low, select(x > high, high, x));
  }
  void validate(std::span<const View> in) const;
  static Samples samples(Rng& rng);
};

struct Lerp {
  static constexpr auto name = "lerp";
  static constexpr auto doc =
      "a + t * (b - a), which is exactly a at t = 0 and b at t = 1, monotone in t, and does not "
      "overflow where the signs of a and b differ. Any t extrapolates. Derivatives 1 - t, t and b "
      "- a.";
  template <class T>
  T operator()(T a, T b, T t) const {
    // This is monotone next to t = 1 as well: a step in t changes t * (b - a) by more than the
    // rounding error of b - a.
    const auto signs_differ = (a <= 0 && b >= 0) || (a >= 0 && b <= 0);
    const T between = select(signs_differ, t * b + (1 - t) * a, a + t * (b - a));
    return select(t == 0, a, select(t == 1, b, between));
  }
  Grads grad(const GradContext& g) const;
};

struct Pull {
  static constexpr auto name = "pull";
  static constexpr auto doc =
      "A cotangent c times a partial derivative p: 0 where c is 0, whatever p is; elsewhere c * p. "
      "Its own derivatives are those of the bilinear c * p.";
  static constexpr DTypes dtypes = number_dtypes;
  template <class T>
  T operator()(T c, T p) const {
    return pull(c, p);
  }
  Grads grad(const GradContext& g) const;
};

struct Joint {
  static constexpr auto name = "joint";
  static constexpr auto doc =
      "The product of two cotangents: 0 where either is 0, whatever the other is; elsewhere a * b. "
      "Its own derivatives are those of the bilinear a * b.";
  static constexpr bool commutative = true;
  template <class T>
  T operator()(T a, T b) const {
    return joint(a, b);
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

Value neg(const Operand& x);
Value abs(const Operand& x);
Value sign(const Operand& x);
Value sqrt(const Operand& x);
Value rsqrt(const Operand& x);
Value square(const Operand& x);
Value reciprocal(const Operand& x);
Value floor(const Operand& x);
Value ceil(const Operand& x);
Value round(const Operand& x);
Value trunc(const Operand& x);
Value add(const Operand& a, const Operand& b);
Value sub(const Operand& a, const Operand& b);
Value mul(const Operand& a, const Operand& b);
Value div(const Operand& a, const Operand& b);
Value remainder(const Operand& a, const Operand& b);
Value floor_divide(const Operand& a, const Operand& b);
Value copysign(const Operand& a, const Operand& b);
Value maximum(const Operand& a, const Operand& b);
Value minimum(const Operand& a, const Operand& b);
Value clamp(const Operand& x, const Operand& low, const Operand& high);
Value lerp(const Operand& a, const Operand& b, const Operand& t);
Value pull(const Operand& c, const Operand& p);
Value joint(const Operand& a, const Operand& b);

}  // namespace dagrad
