#include "src/program/rules.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "dagrad/functions.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Symbol power_of(const Symbol& x,
                double exponent) {  // the derivative of pow is exact for these exponents and any x
  return exponent == 0 ? Symbol(1) : exponent == 1 ? x : pow(x, exponent);
}

/// The second form is for large x, where 1 + x² equals x² and may overflow.
Symbol atan_slope(const Symbol& x) {
  const Symbol r = 1 / x;
  return select(abs(x) > 0x1p27, r * r, 1 / (1 + x * x));
}

Symbol cbrt_slope(const Symbol& out) {  // out / 3x would be NaN at 0
  const Symbol r = 1 / out;
  return r * r / 3;
}

Symbol erf_slope(const Symbol& x) {  // guarded, because the derivative of -x² at ∞ is infinite
  return select(abs(x) > 1000, 0, 2 * std::numbers::inv_sqrtpi * exp(-(x * x)));
}

/// The operands of atan2 or hypot ordered by size. Formulas in `q`, small / big, have derivatives
/// that lose no digits and do not overflow unnecessarily.
struct Ratio {
  Symbol first, big, small, q;
  Ratio(const Symbol& a, const Symbol& b)
      : first(abs(a) >= abs(b)),
        big(select(first, a, b)),
        small(select(first, b, a)),
        q(small / big) {}
};

/// ∂f/∂x of a function of one operand; empty if it is zero everywhere.
std::optional<Symbol> unary_partial(Primitive p, const Symbol& x, const Symbol& out) {
  switch (p) {
    case Primitive::neg:
      return -1;
    case Primitive::abs:
      return sign(x);
    case Primitive::sqrt:
      return 0.5 / out;
    case Primitive::exp:
      return out;
    case Primitive::exp2:
      return std::numbers::ln2 * out;
    case Primitive::expm1:
      return exp(x);
    case Primitive::log:
      return 1 / x;
    case Primitive::log2:
      return std::numbers::log2e / x;
    case Primitive::log10:
      return std::numbers::log10e / x;
    case Primitive::log1p:
      return 1 / (1 + x);
    case Primitive::cbrt:
      return cbrt_slope(out);
    case Primitive::sin:
      return cos(x);
    case Primitive::cos:
      return -sin(x);
    case Primitive::tan:
      return 1 + out * out;
    case Primitive::asin:
      return 1 / sqrt((1 - x) * (1 + x));
    case Primitive::acos:
      return -1 / sqrt((1 - x) * (1 + x));
    case Primitive::atan:
      return atan_slope(x);
    case Primitive::sinh:
      return cosh(x);
    case Primitive::cosh:
      return sinh(x);
    case Primitive::tanh:
      return 4 * sigmoid(2 * x) * sigmoid(negated(2 * x));
    case Primitive::asinh:
      return 1 / hypot(1, x);
    case Primitive::acosh:
      return rsqrt(x - 1) * rsqrt(x + 1);
    case Primitive::atanh:
      return 1 / ((1 - x) * (1 + x));
    case Primitive::lgamma:
      return digamma(x);
    case Primitive::erf:
      return erf_slope(x);
    case Primitive::erfc:
      return -erf_slope(x);
    case Primitive::sigmoid:
      return out * sigmoid(negated(x));
    case Primitive::softplus:
      return sigmoid(x);
    case Primitive::rsqrt:
      return -0.5 * out / x;
    default:
      return {};  // floor, ceil, round, trunc, sign, tests
  }
}

/// The operand that is not chosen is dead. If neither is chosen, there is a tie or a NaN.
Tangent derive_extremum(const Differential& s) {
  if (!s.da && !s.db) return {};
  const bool maximum = s.primitive == Primitive::maximum;
  const Symbol a_wins = maximum ? s.a > s.b : s.a < s.b, b_wins = maximum ? s.a < s.b : s.a > s.b;
  const Tangent half = times(plus(s.da, s.db, s.dtype), [] { return Symbol(0.5); });
  const Tangent tie = choose(s.a == s.b, half, {std::numeric_limits<double>::quiet_NaN()}, s.dtype);
  if (!s.da) return choose(a_wins, {}, choose(b_wins, s.db, tie, s.dtype), s.dtype);
  return choose(b_wins, s.db, choose(a_wins, s.da, tie, s.dtype), s.dtype);
}

Tangent derive_pow(const Differential& s) {
  if (const auto exponent = known(s.b)) {
    const auto slope = [&] { return product(s.b, power_of(s.a, *exponent - 1)); };
    return *exponent == 0 ? Tangent() : times(s.da, slope);
  }
  // The derivative along x is 0 at y = 0 for any x and any cotangent, yet smooth in y there, so y
  // acts like a cotangent.
  const Tangent along_x = pulled(times(s.da, [&] { return pow(s.a, s.b - 1); }), s.b);
  if (!s.db) return along_x;
  const Symbol flat = (s.a >= 0 && s.out == 0) || (s.a == 0 && s.b == 0);
  return plus(along_x, guarded(scaled(s.db, s.out * log(s.a)), flat), s.dtype);
}

/// With a = y and b = x, the partial derivatives are x / (x² + y²) and -y / (x² + y²).
Tangent derive_atan2(const Differential& s) {
  if (!s.da && !s.db) return {};
  const Ratio r(s.a, s.b);
  const Symbol length = r.big + r.small * r.q;
  const auto along_y = [&] { return select(r.first, r.q, 1) / length; };
  const auto along_x = [&] { return -(select(r.first, 1, r.q) / length); };
  const Symbol nowhere = (s.a == 0 && s.b == 0) || (abs(s.a) == infinity && abs(s.b) == infinity);
  return guarded(plus(times(s.da, along_y), times(s.db, along_x), s.dtype), nowhere);
}

Tangent derive_hypot(const Differential& s) {  // a/out and b/out; 0 at the origin
  if (!s.da && !s.db) return {};
  const Ratio r(s.a, s.b);
  const Symbol q = select(abs(r.small) == infinity, 0, r.q);
  const Symbol slope = sign(r.big) / sqrt(1 + q * q);
  const Tangent sum = plus(times(s.da, [&] { return select(r.first, slope, q * slope); }),
                           times(s.db, [&] { return select(r.first, q * slope, slope); }), s.dtype);
  return guarded(sum, s.a == 0 && s.b == 0);
}

Tangent derive_div(const Differential& s) {
  const Tangent share = times(s.db, [&] { return s.out; });
  if (!s.da) return times(quotient(share, s.b), [] { return Symbol(-1); });
  return quotient(minus(s.da, share, s.dtype), s.b);
}

Tangent derive_logaddexp(const Differential& s) {
  if (!s.da && !s.db) return {};
  const Symbol d = select(s.a == s.b && abs(s.a) == infinity, 0, s.a - s.b);
  return plus(times(s.da, [&] { return sigmoid(d); }), times(s.db, [&] { return sigmoid(-d); }),
              s.dtype);
}

Tangent derive_binary(const Differential& s) {
  switch (s.primitive) {
    case Primitive::add:
      return plus(s.da, s.db, s.dtype);
    case Primitive::sub:
      return minus(s.da, s.db, s.dtype);
    case Primitive::mul:
      return plus(times(s.da, [&] { return s.b; }), times(s.db, [&] { return s.a; }), s.dtype);
    case Primitive::div:
      return derive_div(s);
    case Primitive::maximum:
    case Primitive::minimum:
      return derive_extremum(s);
    case Primitive::copysign:
      return times(s.da, [&] { return sign(s.a) * copysign(1, s.b); });
    case Primitive::pow:
    case Primitive::power:
      return derive_pow(s);
    case Primitive::atan2:
      return derive_atan2(s);
    case Primitive::hypot:
      return derive_hypot(s);
    case Primitive::remainder:  // -floor(a/b), of the same branch as the result
      return plus(s.da, times(s.db, [&] { return round((s.out - s.a) / s.b); }), s.dtype);
    case Primitive::polygamma:  // there is no derivative with respect to the order, an integer
      return times(s.db, [&] { return polygamma(s.a + 1, s.b); });
    case Primitive::pull:
      return plus(times(s.da, [&] { return s.b; }), pulled(s.db, s.a), s.dtype);
    case Primitive::joint:
      return plus(pulled(s.da, s.b), pulled(s.db, s.a), s.dtype);
    case Primitive::logaddexp:
      return derive_logaddexp(s);
    default:
      return {};  // floor_divide, comparisons
  }
}

}  // namespace

Tangent derive(const Differential& s) {
  switch (s.primitive) {
    case Primitive::select:
      return choose(s.a, s.db, s.dc, s.dtype);
    case Primitive::cast:
      return is_float(s.dtype) ? converted(s.da, s.dtype) : Tangent();
    default:
      break;
  }
  if (arity_of(s.primitive) == 2) return derive_binary(s);
  if (!s.da) return {};
  const std::optional<Symbol> partial = unary_partial(s.primitive, s.a, s.out);
  return partial ? scaled(s.da, *partial) : Tangent();
}

}  // namespace dagrad::detail
