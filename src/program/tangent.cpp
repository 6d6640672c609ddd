#include "src/program/tangent.hpp"

#include <algorithm>
#include <cmath>

#include "dagrad/functions.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {
namespace {

using Condition = std::optional<Symbol>;

bool is_number(const Symbol& s, double value) { return known(s) == value; }

bool same(const std::optional<Symbol>& a, const std::optional<Symbol>& b) {
  return a.has_value() == b.has_value() && (!a || a->step() == b->step());
}

bool same_factors(const Tangent& u, const Tangent& v) {
  return std::ranges::equal(u.factors, v.factors, {}, &Symbol::step, &Symbol::step);
}

Symbol inverse(const Symbol& condition) {
  const Instruction step = origin(condition);
  return step.primitive == Primitive::logical_not ? condition.recorder()->at(step.a) : !condition;
}
/// Whether the conditions are the inverse of each other, like those of the two sides of a select.
bool opposite(const Condition& a, const Condition& b) { return a && b && same(inverse(*a), b); }

Condition either(const Condition& a, const Condition& b) {
  if (!a || !b || same(a, b)) return a ? a : b;
  return *a || *b;
}
Condition both(const Condition& a, const Condition& b) {
  if (!a || !b || opposite(a, b)) return {};
  return same(a, b) ? a : *a && *b;
}
/// The condition under which the side that `condition` chooses is dead.
Condition chosen(const Symbol& condition, const Condition& a, const Condition& b) {
  if (same(a, b)) return a;
  if (a && b) return select(condition, *a, *b);
  return a ? both(condition, a) : both(inverse(condition), b);
}

Symbol adopted(Recorder& recorder, const Symbol& s, DType dtype) {
  return s.is_literal() ? recorder.constant(s.literal().bits(dtype), dtype) : s;
}

/// pull(c, p), or the product if p is known to be a finite number.
Symbol pull_by(const Symbol& c, const Symbol& p) {
  const auto value = known(p);
  return c.is_literal() || (value && std::isfinite(*value)) ? product(c, p) : pull(c, p);
}

/// The tangent as one symbol, valid where it is not dead.
Symbol applied(const Tangent& t) {
  Symbol product = *t.value;
  for (const Symbol& factor : t.factors)
    product = &factor == t.factors.data() ? pull_by(factor, product) : joint(factor, product);
  return product;
}

/// A value computed from two tangents, with their factors combined.
Tangent mixed(const Tangent& u, const Tangent& v, const Symbol& value, const Condition& dead) {
  if (u.factors.empty() || v.factors.empty()) return {value, {}, dead};
  return {1, {value}, dead};
}

/// A linear function of two tangents.
template <class Linear>
Tangent joined(const Tangent& u, const Tangent& v, const Condition& dead, Linear f) {
  if (same_factors(u, v)) return {f(*u.value, *v.value), u.factors, dead};
  return mixed(u, v, f(applied(u), applied(v)), dead);
}

/// The same for tangents that may be dead under different conditions. There, cotangents may also be
/// infinite or NaN, and their contribution is removed.
template <class Linear>
Tangent combined(const Tangent& u, const Tangent& v, DType dtype, Linear f) {
  const Tangent sum = same(u.dead, v.dead) ? joined(u, v, u.dead, f)
                                           : mixed(u, v, f(settled(u, dtype), settled(v, dtype)),
                                                   both(u.dead, v.dead));
  return is_number(*sum.value, 0) ? Tangent() : sum;
}

/// One tangent where the condition holds, the other elsewhere.
Tangent blended(const Symbol& condition, const Tangent& a, const Tangent& b, const Condition& dead,
                DType dtype) {
  return joined(a, b, dead, [&](const Symbol& u, const Symbol& v) {
    Recorder& recorder = *condition.recorder();
    const Symbol x = adopted(recorder, u, dtype), y = adopted(recorder, v, dtype);
    return x.step() == y.step() ? x : select(condition, x, y);
  });
}

}  // namespace

std::optional<double> known(const Symbol& s) {
  if (s.is_literal()) return s.literal().real();
  if (origin(s).primitive != Primitive::constant) return {};
  return constant_value(s.recorder()->program(), origin(s));
}

Instruction origin(const Symbol& s) { return s.recorder()->program().steps[s.step()]; }

Symbol negated(const Symbol& s) {
  if (s.is_literal() || origin(s).primitive != Primitive::neg) return -s;
  return s.recorder()->at(origin(s).a);
}

Symbol product(const Symbol& u, const Symbol& v) {
  if (is_number(u, 1)) return v;
  if (is_number(v, 1)) return u;
  if (is_number(u, -1)) return negated(v);
  if (is_number(v, -1)) return negated(u);
  return u * v;
}

Tangent plus(const Tangent& u, const Tangent& v, DType dtype) {
  if (!u || !v) return u ? u : v;
  if (opposite(u.dead, v.dead)) {
    const bool inverted = origin(*u.dead).primitive == Primitive::logical_not;
    return inverted ? blended(*v.dead, u, v, {}, dtype) : blended(*u.dead, v, u, {}, dtype);
  }
  return combined(u, v, dtype, [](const Symbol& a, const Symbol& b) { return a + b; });
}

Tangent minus(const Tangent& u, const Tangent& v, DType dtype) {
  if (!v) return u;
  if (!u || opposite(u.dead, v.dead)) return plus(u, scaled(v, -1), dtype);
  return combined(u, v, dtype, [](const Symbol& a, const Symbol& b) { return a - b; });
}

Tangent choose(const Symbol& condition, const Tangent& a, const Tangent& b, DType dtype) {
  if (!a && !b) return {};
  if (const auto value = known(condition)) return *value != 0 ? a : b;
  if (!a) return guarded(b, condition);
  if (!b) return guarded(a, inverse(condition));
  return blended(condition, a, b, chosen(condition, a.dead, b.dead), dtype);
}

Tangent scaled(const Tangent& t, const Symbol& partial) {
  const auto value = known(partial);
  if (value && *value == 0) return {};
  return {product(*t.value, partial), t.factors, t.dead};
}

Tangent quotient(const Tangent& t, const Symbol& divisor) {
  return t ? Tangent{*t.value / divisor, t.factors, t.dead} : t;
}

Tangent pulled(Tangent t, const Symbol& cotangent) {
  if (t) t.factors.push_back(cotangent);
  return t;
}

Tangent guarded(const Tangent& t, const Symbol& dead) {
  return t ? Tangent{t.value, t.factors, either(dead, t.dead)} : t;
}

Tangent converted(const Tangent& t, DType dtype) {
  if (!t) return t;
  const Symbol value = Symbol::cast(applied(t), dtype);
  return t.factors.empty() ? Tangent{value, {}, t.dead} : Tangent{1, {value}, t.dead};
}

Symbol settled(const Tangent& t, DType dtype) {
  const Symbol value = applied(t);
  if (!t.dead) return value;
  Recorder& recorder = *t.dead->recorder();
  const Symbol zero = recorder.constant(0, dtype), live = adopted(recorder, value, dtype);
  const Instruction step = origin(*t.dead);
  return step.primitive == Primitive::logical_not ? select(recorder.at(step.a), live, zero)
                                                  : select(*t.dead, zero, live);
}

}  // namespace dagrad::detail
