#pragma once

#include <optional>
#include <vector>

#include "dagrad/program.hpp"

/// Derivatives of steps while a rule is derived, and how the chain rule joins them.
namespace dagrad::detail {

/// The derivative of a step along one operand of the program: `value` times all `factors`, but 0
/// where `dead` holds. Symbols may be literals.
struct Tangent {
  /// Empty: structurally zero, which is not the number 0 and exists only while deriving.
  std::optional<Symbol> value = {};
  /// Cotangents of earlier derivations, the oldest first. It pulls the value; a later one meets
  /// what holds a cotangent, and so joins it: where either is 0, nothing of the other, infinite or
  /// NaN, reaches the result.
  std::vector<Symbol> factors = {};
  /// A condition under which the tangent is structurally zero, whatever `value` is there, and so
  /// for any cotangent. It is blended in last. Empty: nowhere.
  std::optional<Symbol> dead = {};

  explicit operator bool() const { return value.has_value(); }
};

/// The value of a constant or a literal.
std::optional<double> known(const Symbol& s);
/// The step that recorded a symbol, which is not a literal.
Instruction origin(const Symbol& s);

// Exact shortcuts only: no product with 1 or -1 rounds.
Symbol negated(const Symbol& s);
Symbol product(const Symbol& u, const Symbol& v);

/// u + v and u - v of tangents of a dtype.
Tangent plus(const Tangent& u, const Tangent& v, DType dtype);
Tangent minus(const Tangent& u, const Tangent& v, DType dtype);
/// d select(condition, a, b): nothing of the side not taken reaches the result.
Tangent choose(const Symbol& condition, const Tangent& a, const Tangent& b, DType dtype);

/// The tangent times a partial derivative; structurally zero where that is the number 0.
Tangent scaled(const Tangent& t, const Symbol& partial);
/// The same of a partial derivative that is made only where it is needed.
template <class Partial>
Tangent times(const Tangent& t, Partial partial) {
  return t ? scaled(t, partial()) : Tangent();
}
Tangent quotient(const Tangent& t, const Symbol& divisor);
/// The tangent times a cotangent, or what is 0 in the same way.
Tangent pulled(Tangent t, const Symbol& cotangent);
/// The tangent, structurally zero where a condition holds too.
Tangent guarded(const Tangent& t, const Symbol& dead);
Tangent converted(const Tangent& t, DType dtype);

/// The tangent as one symbol of a dtype, 0 where it is dead.
Symbol settled(const Tangent& t, DType dtype);

}  // namespace dagrad::detail
