#include "src/program/rules.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "dagrad/functions.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// The step that recorded a symbol, which is no literal.
Instruction origin(const Symbol& s) { return s.recorder()->program().steps[s.step()]; }

bool is_number(const Symbol& s, double value) {
  return s.is_literal() && s.literal().real() == value;
}

/// The value of a constant or a literal.
std::optional<double> known(const Symbol& s) {
  if (s.is_literal()) return s.literal().real();
  if (origin(s).primitive != Primitive::constant) return {};
  return constant_value(s.recorder()->program(), origin(s));
}

Symbol negated(const Symbol& s) {
  if (s.is_literal() || origin(s).primitive != Primitive::neg) return -s;
  return s.recorder()->at(origin(s).a);
}

/// Exact shortcuts only: no product with 1 or -1 rounds.
Symbol product(const Symbol& u, const Symbol& v) {
  if (is_number(u, 1)) return v;
  if (is_number(v, 1)) return u;
  if (is_number(u, -1)) return negated(v);
  if (is_number(v, -1)) return negated(u);
  return u * v;
}

/// The tangent of an operand times the partial derivative, which is made only where it is needed.
template <class Partial>
Tangent times(const Tangent& tangent, Partial partial) {
  if (!tangent) return {};
  return product(*tangent, partial());
}

/// d select(c, a, b): nothing of the dead side reaches the result.
Tangent choose(const Symbol& condition, const Tangent& a, const Tangent& b, DType dtype) {
  if (!a && !b) return {};
  if (const auto value = known(condition)) return *value != 0 ? a : b;
  const auto side = [&](const Tangent& tangent) {
    const Symbol s = tangent.value_or(Symbol(0));
    return s.is_literal() ? condition.recorder()->constant(s.literal().bits(dtype), dtype) : s;
  };
  const Symbol x = side(a), y = side(b);
  return x.step() == y.step() ? x : select(condition, x, y);
}

Symbol power(const Symbol& x, const Symbol& y) {  // pow is exact at these, for any x
  const auto exponent = known(y);
  if (exponent && *exponent == 0) return 1;
  if (exponent && *exponent == 1) return x;
  return pow(x, y);
}

Symbol atan_slope(const Symbol& x) {  // the second form where 1 + x² is x², which may overflow
  const Symbol r = 1 / x;
  return select(abs(x) > 0x1p27, r * r, 1 / (1 + x * x));
}

Symbol cbrt_slope(const Symbol& out) {  // out / 3x would be NaN at 0
  const Symbol r = 1 / out;
  return r * r / 3;
}

Symbol erf_slope(const Symbol& x) {  // guarded, for the derivative of -x² at ∞ is infinite
  return select(abs(x) > 1000, 0, 2 * std::numbers::inv_sqrtpi * exp(-(x * x)));
}

/// The operands of an angle or a distance by size. `q`, small / big, makes formulas whose own
/// derivatives lose no digits and overflow only where they must.
struct Ratio {
  Symbol first, big, small, q, degenerate;
  Ratio(const Symbol& a, const Symbol& b)
      : first(abs(a) >= abs(b)),
        big(select(first, a, b)),
        small(select(first, b, a)),
        q(small / big),
        degenerate((a == 0 && b == 0) || (abs(a) == infinity && abs(b) == infinity)) {}
};

/// ∂f/∂x of a function of one operand; empty where it is zero everywhere.
Tangent unary_partial(Primitive p, const Symbol& x, const Symbol& out) {
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

Tangent derive_extremum(const Differential& s) {
  if (!s.da && !s.db) return {};
  const bool maximum = s.primitive == Primitive::maximum;
  const Tangent half = times(plus(s.da, s.db), [] { return Symbol(0.5); });
  const Tangent tie = choose(s.a == s.b, half, std::numeric_limits<double>::quiet_NaN(), s.dtype);
  const Tangent other = choose(maximum ? s.a < s.b : s.a > s.b, s.db, tie, s.dtype);
  return choose(maximum ? s.a > s.b : s.a < s.b, s.da, other, s.dtype);
}

Tangent derive_pow(const Differential& s) {
  const auto exponent = known(s.b);
  const auto along_x = [&] {  // by pull: 0 at y = 0 for any x, and yet smooth in y there
    const Symbol lower = power(s.a, s.b - 1);
    return exponent ? product(s.b, lower) : pull(s.b, lower);
  };
  const auto along_y = [&] {
    const Symbol flat = (s.a >= 0 && s.out == 0) || (s.a == 0 && s.b == 0);
    return select(flat, 0, s.out * log(s.a));
  };
  const bool flat_along_x = exponent && *exponent == 0;
  return plus(flat_along_x ? Tangent() : times(s.da, along_x), times(s.db, along_y));
}

Tangent derive_atan2(const Differential& s) {  // of a = y, b = x: x / (x² + y²) and -y / (x² + y²)
  if (!s.da && !s.db) return {};
  const Ratio r(s.a, s.b);
  const Symbol length = r.big + r.small * r.q;
  const auto along_y = [&] { return select(r.degenerate, 0, select(r.first, r.q, 1) / length); };
  const auto along_x = [&] { return select(r.degenerate, 0, -(select(r.first, 1, r.q) / length)); };
  return plus(times(s.da, along_y), times(s.db, along_x));
}

Tangent derive_hypot(const Differential& s) {  // a/out and b/out; 0 at the origin
  if (!s.da && !s.db) return {};
  const Ratio r(s.a, s.b);
  const Symbol q = select(r.degenerate, 0, r.q);
  const Symbol slope = sign(r.big) / sqrt(1 + q * q);
  return plus(times(s.da, [&] { return select(r.first, slope, q * slope); }),
              times(s.db, [&] { return select(r.first, q * slope, slope); }));
}

Tangent derive_div(const Differential& s) {
  if (!s.db) return s.da ? Tangent(*s.da / s.b) : Tangent();
  const Symbol share = product(*s.db, s.out);
  return s.da ? (*s.da - share) / s.b : negated(share / s.b);
}

Tangent derive_logaddexp(const Differential& s) {
  if (!s.da && !s.db) return {};
  const Symbol d = select(s.a == s.b && abs(s.a) == infinity, 0, s.a - s.b);
  return plus(times(s.da, [&] { return sigmoid(d); }), times(s.db, [&] { return sigmoid(-d); }));
}

Tangent derive_binary(const Differential& s) {
  switch (s.primitive) {
    case Primitive::add:
      return plus(s.da, s.db);
    case Primitive::sub:
      return plus(s.da, times(s.db, [] { return Symbol(-1); }));
    case Primitive::mul:
      return plus(times(s.da, [&] { return s.b; }), times(s.db, [&] { return s.a; }));
    case Primitive::div:
      return derive_div(s);
    case Primitive::maximum:
    case Primitive::minimum:
      return derive_extremum(s);
    case Primitive::copysign:
      return times(s.da, [&] { return sign(s.a) * copysign(1, s.b); });
    case Primitive::pow:
      return derive_pow(s);
    case Primitive::atan2:
      return derive_atan2(s);
    case Primitive::hypot:
      return derive_hypot(s);
    case Primitive::remainder:  // -floor(a/b) of the very branch that the result took
      return plus(s.da, times(s.db, [&] { return round((s.out - s.a) / s.b); }));
    case Primitive::polygamma:  // the order is a whole number, along which there is no slope
      return times(s.db, [&] { return polygamma(s.a + 1, s.b); });
    case Primitive::pull:
      return plus(s.da ? Tangent(pull_tangent(*s.da, s.b)) : Tangent(),
                  s.db ? Tangent(pull_tangent(s.a, *s.db)) : Tangent());
    case Primitive::logaddexp:
      return derive_logaddexp(s);
    default:
      return {};  // floor_divide, comparisons
  }
}

}  // namespace

Tangent plus(const Tangent& u, const Tangent& v) {
  if (!u) return v;
  if (!v) return u;
  const Symbol sum = *u + *v;
  return is_number(sum, 0) ? Tangent() : sum;
}

Symbol pull_tangent(const Symbol& c, const Symbol& p) {
  const auto value = known(p);
  return c.is_literal() || (value && std::isfinite(*value)) ? product(c, p) : pull(c, p);
}

Tangent derive(const Differential& s) {
  switch (s.primitive) {
    case Primitive::select:
      return choose(s.a, s.db, s.dc, s.dtype);
    case Primitive::cast:
      return s.da && is_float(s.dtype) ? Tangent(Symbol::cast(*s.da, s.dtype)) : Tangent();
    default:
      break;
  }
  if (arity_of(s.primitive) == 2) return derive_binary(s);
  if (!s.da) return {};
  const Tangent partial = unary_partial(s.primitive, s.a, s.out);
  return partial ? Tangent(product(*s.da, *partial)) : Tangent();
}

}  // namespace dagrad::detail
