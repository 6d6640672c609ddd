#pragma once

#include <optional>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// The derivative of a step along one operand of the program: empty where it is structurally zero,
/// which is not the number 0 and exists only while deriving. May be a literal.
using Tangent = std::optional<Symbol>;

/// A step with what its rule needs: its operands and result, and their tangents.
struct Differential {
  Primitive primitive;
  DType dtype;
  Symbol out;
  Symbol a = 0, b = 0, c = 0;
  Tangent da = {}, db = {}, dc = {};
};

/// The chain rule of one step.
Tangent derive(const Differential& step);

Tangent plus(const Tangent& u, const Tangent& v);

/// pull(c, p), where p is a finite number that is known: the product.
Symbol pull_tangent(const Symbol& c, const Symbol& p);

}  // namespace dagrad::detail
