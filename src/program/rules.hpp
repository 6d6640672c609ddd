#pragma once

#include "src/program/tangent.hpp"

namespace dagrad::detail {

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

}  // namespace dagrad::detail
