#pragma once

#include "src/program/tangent.hpp"

namespace dagrad::detail {

/// A step with the arguments of its rule: its operands and result, and the tangents of the
/// operands.
struct Differential {
  Primitive primitive;
  DType dtype;
  Symbol out;
  Symbol a = 0, b = 0, c = 0;
  Tangent da = {}, db = {}, dc = {};
};

/// The tangent of a step's result by the chain rule.
Tangent derive(const Differential& step);

}  // namespace dagrad::detail
