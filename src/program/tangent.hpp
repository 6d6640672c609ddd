#pragma once

#include <optional>
#include <vector>

#include "dagrad/program.hpp"

/// Derivatives of steps, used while a rule is being derived, and their combination by the chain
/// rule.
namespace dagrad::detail {

/// The derivative of a step with respect to one operand of the program: `value` times all
/// `factors`, but 0 where `dead` holds. Symbols may be literals.
struct Tangent {
  /// Empty if the tangent is structurally zero, which differs from the number 0.
  std::optional<Symbol> value = {};
  /// Cotangents of earlier derivations, the oldest first. The oldest is applied to the value with
  /// `pull`; each later one is combined with `joint`, so that if either is 0, the result is 0 even
  /// if the other is infinite or NaN.
  std::vector<Symbol> factors = {};
  /// A condition under which the tangent is structurally zero, whatever `value` and the cotangents
  /// are. It is applied last. Empty if there is none.
  std::optional<Symbol> dead = {};

  explicit operator bool() const { return value.has_value(); }
};

/// The value of a constant or literal, if it is one.
std::optional<double> known(const Symbol& s);
/// The step of a symbol that is not a literal.
Instruction origin(const Symbol& s);

// Products with 1 and -1 are simplified, which is exact.
Symbol negated(const Symbol& s);
Symbol product(const Symbol& u, const Symbol& v);

/// u + v and u - v for tangents of a dtype.
Tangent plus(const Tangent& u, const Tangent& v, DType dtype);
Tangent minus(const Tangent& u, const Tangent& v, DType dtype);
/// The tangent of select(condition, a, b). The side that is not taken does not affect it.
Tangent choose(const Symbol& condition, const Tangent& a, const Tangent& b, DType dtype);

/// The tangent times a partial derivative; structurally zero if that is the number 0.
Tangent scaled(const Tangent& t, const Symbol& partial);
/// The same with a partial derivative that is made only if it is needed.
template <class Partial>
Tangent times(const Tangent& t, Partial partial) {
  return t ? scaled(t, partial()) : Tangent();
}
Tangent quotient(const Tangent& t, const Symbol& divisor);
/// The tangent times a cotangent, or times a value that annihilates infinities and NaN in the same
/// way where it is 0.
Tangent pulled(Tangent t, const Symbol& cotangent);
/// The tangent, which is also structurally zero where the condition holds.
Tangent guarded(const Tangent& t, const Symbol& dead);
Tangent converted(const Tangent& t, DType dtype);

/// The tangent as one symbol of a dtype, 0 where it is dead.
Symbol settled(const Tangent& t, DType dtype);

}  // namespace dagrad::detail
