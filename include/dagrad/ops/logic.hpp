#pragma once

#include "dagrad/apply.hpp"

/// Comparisons, logical operations, and selection by a condition. Bools have no gradient.
namespace dagrad {

struct Equal {
  static constexpr auto name = "equal", doc = "a == b as bool; NaN equals nothing.";
  static constexpr DTypes dtypes = all_dtypes;
  static constexpr bool commutative = true;
  template <class T>
  auto operator()(T a, T b) const {
    return a == b;
  }
};

struct NotEqual {
  static constexpr auto name = "not_equal", doc = "a != b as bool; NaN differs from everything.";
  static constexpr DTypes dtypes = all_dtypes;
  static constexpr bool commutative = true;
  template <class T>
  auto operator()(T a, T b) const {
    return a != b;
  }
};

struct Less {
  static constexpr auto name = "less", doc = "a < b as bool.";
  static constexpr DTypes dtypes = all_dtypes;
  template <class T>
  auto operator()(T a, T b) const {
    return a < b;
  }
};

struct LessEqual {
  static constexpr auto name = "less_equal", doc = "a <= b as bool.";
  static constexpr DTypes dtypes = all_dtypes;
  template <class T>
  auto operator()(T a, T b) const {
    return a <= b;
  }
};

struct Greater {
  static constexpr auto name = "greater", doc = "a > b as bool.";
  static constexpr DTypes dtypes = all_dtypes;
  template <class T>
  auto operator()(T a, T b) const {
    return a > b;
  }
};

struct GreaterEqual {
  static constexpr auto name = "greater_equal", doc = "a >= b as bool.";
  static constexpr DTypes dtypes = all_dtypes;
  template <class T>
  auto operator()(T a, T b) const {
    return a >= b;
  }
};

struct IsNan {
  static constexpr auto name = "is_nan", doc = "Whether x is NaN, as bool.";
  static constexpr DTypes dtypes = all_dtypes;
  template <class T>
  auto operator()(T x) const {
    return is_nan(x);
  }
};

struct IsFinite {
  static constexpr auto name = "is_finite", doc = "Whether x is neither NaN nor infinite, as bool.";
  static constexpr DTypes dtypes = all_dtypes;
  template <class T>
  auto operator()(T x) const {
    return is_finite(x);
  }
};

struct IsClose {
  double rtol = 1e-5, atol = 1e-8;
  bool equal_nan = false;
  using attributes = dagrad::attributes<&IsClose::rtol, &IsClose::atol, &IsClose::equal_nan>;
  static constexpr auto name = "isclose";
  static constexpr auto doc =
      "Whether |a - b| <= atol + rtol * |b|, as bool. Equal infinities are close; two NaN are "
      "close only with `equal_nan`.";
  template <class T>
  auto operator()(T a, T b) const {
    const auto near = (is_finite(b) && abs(a - b) <= atol + rtol * abs(b)) || a == b;
    return equal_nan ? near || (is_nan(a) && is_nan(b)) : near;
  }
};

struct LogicalNot {
  static constexpr auto name = "logical_not", doc = "Not x, for bools.";
  static constexpr DTypes dtypes = b8;
  template <class T>
  T operator()(T x) const {
    return !x;
  }
};

struct LogicalAnd {
  static constexpr auto name = "logical_and", doc = "a and b, for bools.";
  static constexpr DTypes dtypes = b8;
  static constexpr bool commutative = true;
  template <class T>
  T operator()(T a, T b) const {
    return a && b;
  }
};

struct LogicalOr {
  static constexpr auto name = "logical_or", doc = "a or b, for bools.";
  static constexpr DTypes dtypes = b8;
  static constexpr bool commutative = true;
  template <class T>
  T operator()(T a, T b) const {
    return a || b;
  }
};

struct LogicalXor {
  static constexpr auto name = "logical_xor", doc = "Either a or b but not both, for bools.";
  static constexpr DTypes dtypes = b8;
  static constexpr bool commutative = true;
  template <class T>
  T operator()(T a, T b) const {
    return logical_xor(a, b);
  }
};

struct Where {
  static constexpr auto name = "where";
  static constexpr auto doc =
      "a where the condition is true, else b. The side that is not chosen affects neither the "
      "result nor the gradient, even if it is NaN.";
  static constexpr DTypes dtypes = all_dtypes;
  static constexpr std::size_t conditions = 1;
  template <class T>
  T operator()(typename T::Boolean condition, T a, T b) const {
    return select(condition, a, b);
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

Value equal(const Operand& a, const Operand& b);
Value not_equal(const Operand& a, const Operand& b);
Value less(const Operand& a, const Operand& b);
Value less_equal(const Operand& a, const Operand& b);
Value greater(const Operand& a, const Operand& b);
Value greater_equal(const Operand& a, const Operand& b);
Value is_nan(const Operand& x);
Value is_finite(const Operand& x);

/// Throws ArgumentError if a tolerance is negative or NaN.
Value isclose(const Operand& a, const Operand& b, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false);

Value logical_not(const Operand& x);
Value logical_and(const Operand& a, const Operand& b);
Value logical_or(const Operand& a, const Operand& b);
Value logical_xor(const Operand& a, const Operand& b);
Value where(const Operand& condition, const Operand& a, const Operand& b);

}  // namespace dagrad
