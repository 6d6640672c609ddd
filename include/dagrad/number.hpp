#pragma once

#include <limits>
#include <type_traits>

#include "dagrad/detail/math.hpp"
#include "dagrad/functions.hpp"
#include "dagrad/instruction_set.hpp"

namespace dagrad {

namespace detail {
/// Applies a library function to one element, using the functions that are set for this thread (see
/// `UseFunctions`).
float call_function(Primitive primitive, float a, float b = 0);
double call_function(Primitive primitive, double a, double b = 0);

/// Prevents a product from being contracted into a fused multiply-add, whatever the user's flags.
template <class T>
inline T rounded(T value) {
#if defined(__FMA__) || defined(__FMA4__)
  asm("" : "+x"(value));
#elif defined(__aarch64__)
  asm("" : "+w"(value));
#endif
  return value;
}

/// Converts to unsigned, so that arithmetic wraps around instead of overflowing.
template <class T>
constexpr auto wrap(T value) {
  return static_cast<std::make_unsigned_t<T>>(value);
}
}  // namespace detail

/// The reading of a functor as a computation on one element of T. It behaves like a `T`, except
/// that literals take its type, functions are those of dagrad, products are not contracted and
/// integers wrap around. With `Branching`, comparisons convert to bool.
template <Element T, bool Branching = false>
class Number {
 public:
  using Boolean = Number<bool, Branching>;
  using value_type = T;

  constexpr Number() = default;
  template <class L>
  requires std::is_arithmetic_v<L>
  constexpr Number(L literal) : value_(static_cast<T>(literal)) {}
  constexpr T value() const { return value_; }

  static Number call(Primitive p, Number a);
  static Number call(Primitive p, Number a, Number b);
  static Boolean test(Primitive p, Number a);
  static Boolean test(Primitive p, Number a, Number b);
  static Number choose(Boolean condition, Number a, Number b) { return condition.value() ? a : b; }

  template <class B>
  requires std::same_as<B, bool>
  explicit constexpr operator B() const {
    static_assert(
        Branching || !std::same_as<B, bool>,
        "dagrad: a functor may not branch on its operands: use select(condition, a, b), or "
        "constrain it with template <dagrad::PlainNumber T>");
    return static_cast<bool>(value_);
  }

 private:
  T value_{};
};

namespace detail {
template <class T>
inline constexpr bool is_branching = false;
template <class T>
inline constexpr bool is_branching<Number<T, true>> = true;
}  // namespace detail

/// The constraint on functors that branch on the values of their operands: `template <PlainNumber
/// T>`. Such a functor runs as a plain loop and must define its own gradient.
template <class T>
concept PlainNumber = detail::is_branching<T>;

/// Sets the functions (`exp` and so on) that Numbers of this thread use, to those of an instruction
/// set, which give the same bits as its loops. By default they are those of the best instruction
/// set. An `eval` that computes with Numbers creates one in each task, for the instruction set of
/// its machine.
class UseFunctions {
 public:
  explicit UseFunctions(InstructionSet set);
  ~UseFunctions();
  UseFunctions(const UseFunctions&) = delete;
  UseFunctions& operator=(const UseFunctions&) = delete;

 private:
  const void* previous_;
};

/// The formulas of composite primitives, for every reading: numbers compute them, and loops are
/// lowered to them.
namespace formulas {

template <Reading T>
T sigmoid(const T& x, const T& size) {  // exp of a number that is not positive cannot overflow
  const T e = exp(-size);
  return select(x >= 0, 1, e) / (1 + e);
}
template <Reading T>
T sigmoid(const T& x) {
  return sigmoid(x, abs(x));
}
template <Reading T>
T softplus(const T& x) {
  return maximum(x, 0) + log1p(exp(-abs(x)));
}
template <Reading T>
T rsqrt(const T& x) {
  return 1 / sqrt(x);
}
template <Reading T>
T sign(const T& x) {  // NaN and zeros of either sign are returned unchanged
  return select(x > 0, T(1), select(x < 0, T(-1), x));
}
template <Reading T>
T logaddexp(const T& a, const T& b) {  // the difference of equal infinities counts as 0
  const T d = select(a == b, T(0), a - b);
  return maximum(a, b) + log1p(exp(-abs(d)));
}
template <Reading T>
T joint(const T& a, const T& b) {
  return select(b == 0, T(0), pull(a, b));
}

/// Whether `power` has a formula for an exponent: integers with few factors, for which a product is
/// as accurate as a library's pow, and ±0.5.
constexpr bool has_power(double exponent) {
  if (exponent == 0.5 || exponent == -0.5) return true;
  return exponent >= -4 && exponent <= 8 && exponent != 0 &&
         exponent == static_cast<double>(static_cast<int>(exponent));
}
template <Reading T>
T product_of_equals(const T& x, int factors) {
  if (factors == 1) return x;
  const T half = product_of_equals(x, factors / 2), even = half * half;
  return factors % 2 == 0 ? even : even * x;
}
template <Reading T>
T power(const T& x, double exponent) {
  if (!has_power(exponent)) return T::call(Primitive::pow, x, T(exponent));
  if (exponent == 0.5) {  // unlike sqrt, pow gives +0 at -0 and +∞ at -∞
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return select(x == -infinity, T(infinity), abs(sqrt(x)));
  }
  if (exponent == -0.5) return 1 / power(x, 0.5);
  // Not 1 / xⁿ, because xⁿ may overflow although x⁻ⁿ is still a subnormal number.
  return exponent < 0 ? product_of_equals(1 / x, static_cast<int>(-exponent))
                      : product_of_equals(x, static_cast<int>(exponent));
}

}  // namespace formulas

template <Element T, bool B>
Number<T, B> Number<T, B>::call(Primitive p, Number a) {
  const T x = a.value();
  if constexpr (std::is_same_v<T, bool>) {
    return a;
  } else if constexpr (std::is_integral_v<T>) {
    switch (p) {
      case Primitive::neg:
        return static_cast<T>(0 - detail::wrap(x));
      case Primitive::abs:
        return x < 0 ? static_cast<T>(0 - detail::wrap(x)) : x;
      case Primitive::sign:
        return formulas::sign(a);
      default:
        return a;  // floor, ceil, round, trunc of an integer
    }
  } else {
    switch (p) {
      case Primitive::neg:
        return -x;
      case Primitive::abs:
        return detail::math::fabs(x);
      case Primitive::sqrt:
        return detail::math::sqrt(x);
      case Primitive::floor:
        return detail::math::floor(x);
      case Primitive::ceil:
        return detail::math::ceil(x);
      case Primitive::round:
        return detail::math::nearbyint(x);
      case Primitive::trunc:
        return detail::math::trunc(x);
      case Primitive::sigmoid:
        return formulas::sigmoid(a);
      case Primitive::softplus:
        return formulas::softplus(a);
      case Primitive::rsqrt:
        return formulas::rsqrt(a);
      case Primitive::sign:
        return formulas::sign(a);
      default:
        return detail::call_function(p, x);
    }
  }
}

template <Element T, bool B>
Number<T, B> Number<T, B>::call(Primitive p, Number a, Number b) {
  const T x = a.value(), y = b.value();
  if constexpr (std::is_same_v<T, bool>) {
    return p == Primitive::minimum || p == Primitive::mul ? x && y : x || y;
  } else if constexpr (std::is_integral_v<T>) {
    switch (p) {
      case Primitive::add:
        return static_cast<T>(detail::wrap(x) + detail::wrap(y));
      case Primitive::sub:
        return static_cast<T>(detail::wrap(x) - detail::wrap(y));
      case Primitive::mul:
      case Primitive::pull:
        return static_cast<T>(detail::wrap(x) * detail::wrap(y));
      case Primitive::maximum:
        return x < y ? y : x;
      case Primitive::minimum:
        return y < x ? y : x;
      case Primitive::remainder: {  // has the divisor's sign; zero divisors are refused earlier
        if (y == 0 || y == -1) return T(0);
        const T r = static_cast<T>(x % y);
        return r != 0 && (r < 0) != (y < 0) ? static_cast<T>(r + y) : r;
      }
      case Primitive::floor_divide: {  // wraps around, as its product with the divisor does
        if (y == 0) return T(0);
        if (y == -1) return static_cast<T>(0 - detail::wrap(x));
        const T q = static_cast<T>(x / y);
        return x % y != 0 && (x < 0) != (y < 0) ? static_cast<T>(q - 1) : q;
      }
      default:
        return a;
    }
  } else {
    switch (p) {
      case Primitive::add:
        return detail::rounded(x + y);
      case Primitive::sub:
        return detail::rounded(x - y);
      case Primitive::mul:
        return detail::rounded(x * y);
      case Primitive::div:
        return detail::rounded(x / y);
      case Primitive::pull:
        return x == 0 ? T(0) : detail::rounded(x * y);
      // NaN passes through. Of two zeros, the second is returned.
      case Primitive::maximum:
        return x > y || x != x ? x : y;
      case Primitive::minimum:
        return x < y || x != x ? x : y;
      case Primitive::copysign:
        return detail::math::copysign(x, y);
      case Primitive::logaddexp:
        return formulas::logaddexp(a, b);
      case Primitive::joint:
        return formulas::joint(a, b);
      case Primitive::power:
        return formulas::power(a, static_cast<double>(y));
      default:
        return detail::call_function(p, x, y);
    }
  }
}

template <Element T, bool B>
typename Number<T, B>::Boolean Number<T, B>::test(Primitive p, Number a) {
  const T x = a.value();
  switch (p) {
    case Primitive::is_nan:
      return x != x;
    case Primitive::is_finite:
      if constexpr (std::is_integral_v<T>)
        return true;
      else
        return detail::math::fabs(x) <= std::numeric_limits<T>::max();
    default:
      return !static_cast<bool>(x);  // logical_not
  }
}

template <Element T, bool B>
typename Number<T, B>::Boolean Number<T, B>::test(Primitive p, Number a, Number b) {
  const T x = a.value(), y = b.value();
  switch (p) {
    case Primitive::equal:
      return x == y;
    case Primitive::not_equal:
      return x != y;
    case Primitive::less:
      return x < y;
    case Primitive::less_equal:
      return x <= y;
    case Primitive::greater:
      return x > y;
    case Primitive::greater_equal:
      return x >= y;
    case Primitive::logical_and:
      return static_cast<bool>(x) && static_cast<bool>(y);
    case Primitive::logical_or:
      return static_cast<bool>(x) || static_cast<bool>(y);
    default:
      return static_cast<bool>(x) != static_cast<bool>(y);  // logical_xor
  }
}

}  // namespace dagrad
