#pragma once

#include <concepts>
#include <type_traits>

#include "dagrad/program.hpp"

/// The functions and operators that a functor may apply to its operands, for every reading of it:
/// each becomes one primitive of the formula. They are found by argument-dependent lookup, so
/// functors need no namespace.
namespace dagrad {

/// A type that a functor can be called with. It turns the primitives of the formula into results of
/// its own kind: numbers, symbols or decisions.
template <class T>
concept Reading = requires(const T& x) {
  typename T::Boolean;
  { T::call(Primitive::neg, x) } -> std::same_as<T>;
};

/// A literal used together with readings.
template <class L>
concept LiteralNumber = std::is_arithmetic_v<L>;

// One line per function. The macros keep the many definitions consistent and are undefined at the
// end of this file.
#define DAGRAD_UNARY(word)              \
  template <Reading T>                  \
  T word(const T& x) {                  \
    return T::call(Primitive::word, x); \
  }
#define DAGRAD_TEST(word)                \
  template <Reading T>                   \
  typename T::Boolean word(const T& x) { \
    return T::test(Primitive::word, x);  \
  }
#define DAGRAD_BINARY(function, word)         \
  template <Reading T>                        \
  T function(const T& a, const T& b) {        \
    return T::call(Primitive::word, a, b);    \
  }                                           \
  template <Reading T, LiteralNumber L>       \
  T function(const T& a, L b) {               \
    return T::call(Primitive::word, a, T(b)); \
  }                                           \
  template <Reading T, LiteralNumber L>       \
  T function(L a, const T& b) {               \
    return T::call(Primitive::word, T(a), b); \
  }
#define DAGRAD_COMPARISON(function, word)                \
  template <Reading T>                                   \
  typename T::Boolean function(const T& a, const T& b) { \
    return T::test(Primitive::word, a, b);               \
  }                                                      \
  template <Reading T, LiteralNumber L>                  \
  typename T::Boolean function(const T& a, L b) {        \
    return T::test(Primitive::word, a, T(b));            \
  }                                                      \
  template <Reading T, LiteralNumber L>                  \
  typename T::Boolean function(L a, const T& b) {        \
    return T::test(Primitive::word, T(a), b);            \
  }

DAGRAD_UNARY(neg)
DAGRAD_UNARY(abs)
DAGRAD_UNARY(sqrt)
DAGRAD_UNARY(floor)
DAGRAD_UNARY(ceil)
DAGRAD_UNARY(round)
DAGRAD_UNARY(trunc)
DAGRAD_UNARY(exp)
DAGRAD_UNARY(exp2)
DAGRAD_UNARY(expm1)
DAGRAD_UNARY(log)
DAGRAD_UNARY(log2)
DAGRAD_UNARY(log10)
DAGRAD_UNARY(log1p)
DAGRAD_UNARY(cbrt)
DAGRAD_UNARY(sin)
DAGRAD_UNARY(cos)
DAGRAD_UNARY(tan)
DAGRAD_UNARY(asin)
DAGRAD_UNARY(acos)
DAGRAD_UNARY(atan)
DAGRAD_UNARY(sinh)
DAGRAD_UNARY(cosh)
DAGRAD_UNARY(tanh)
DAGRAD_UNARY(asinh)
DAGRAD_UNARY(acosh)
DAGRAD_UNARY(atanh)
DAGRAD_UNARY(lgamma)
DAGRAD_UNARY(erf)
DAGRAD_UNARY(erfc)
DAGRAD_UNARY(sigmoid)
DAGRAD_UNARY(softplus)
DAGRAD_UNARY(rsqrt)
DAGRAD_UNARY(sign)
DAGRAD_TEST(is_nan)
DAGRAD_TEST(is_finite)
DAGRAD_BINARY(operator+, add)
DAGRAD_BINARY(operator-, sub)
DAGRAD_BINARY(operator*, mul)
DAGRAD_BINARY(operator/, div)
DAGRAD_BINARY(maximum, maximum)
DAGRAD_BINARY(minimum, minimum)
DAGRAD_BINARY(copysign, copysign)
DAGRAD_BINARY(atan2, atan2)
DAGRAD_BINARY(hypot, hypot)
DAGRAD_BINARY(remainder, remainder)
DAGRAD_BINARY(floor_divide, floor_divide)
DAGRAD_BINARY(polygamma, polygamma)
DAGRAD_BINARY(logaddexp, logaddexp)
DAGRAD_BINARY(pull, pull)
DAGRAD_BINARY(joint, joint)
DAGRAD_COMPARISON(operator==, equal)
DAGRAD_COMPARISON(operator!=, not_equal)
DAGRAD_COMPARISON(operator<, less)
DAGRAD_COMPARISON(operator<=, less_equal)
DAGRAD_COMPARISON(operator>, greater)
DAGRAD_COMPARISON(operator>=, greater_equal)

#undef DAGRAD_UNARY
#undef DAGRAD_TEST
#undef DAGRAD_BINARY
#undef DAGRAD_COMPARISON

template <Reading T>
T operator-(const T& x) {
  return T::call(Primitive::neg, x);
}
template <Reading T>
T operator+(const T& x) {
  return x;
}
template <Reading B>
B operator!(const B& x) {
  return B::test(Primitive::logical_not, x);
}
/// These do not short-circuit: both sides are computed.
template <Reading B>
B operator&&(const B& a, const B& b) {
  return B::test(Primitive::logical_and, a, b);
}
template <Reading B>
B operator||(const B& a, const B& b) {
  return B::test(Primitive::logical_or, a, b);
}
template <Reading B>
B logical_xor(const B& a, const B& b) {
  return B::test(Primitive::logical_xor, a, b);
}

/// a where the condition holds, b elsewhere. The side that is not taken affects neither the result
/// nor, in a derived rule, its gradient.
template <Reading T>
T select(const typename T::Boolean& condition, const T& a, const T& b) {
  return T::choose(condition, a, b);
}
template <Reading T, LiteralNumber L>
T select(const typename T::Boolean& condition, const T& a, L b) {
  return T::choose(condition, a, T(b));
}
template <Reading T, LiteralNumber L>
T select(const typename T::Boolean& condition, L a, const T& b) {
  return T::choose(condition, T(a), b);
}

template <Reading T>
T pow(const T& x, const T& y) {
  return T::call(Primitive::pow, x, y);
}
template <Reading T, LiteralNumber L>
T pow(L x, const T& y) {
  return T::call(Primitive::pow, T(x), y);
}
/// A power with a plain number as exponent: a product, a quotient or a root if there is a formula
/// for that exponent (see `formulas`).
template <Reading T, LiteralNumber L>
T pow(const T& x, L y) {
  return T::call(Primitive::power, x, T(y));
}

template <Reading T>
T square(const T& x) {
  return x * x;
}
template <Reading T>
T reciprocal(const T& x) {
  return 1 / x;
}
template <Reading T>
T digamma(const T& x) {
  return polygamma(0, x);
}

}  // namespace dagrad
