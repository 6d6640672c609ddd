#pragma once

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// One for each arithmetic step and function whose result is a float.
inline double float_operations(const Program& program) {
  double count = 0;
  for (const Instruction& step : program.steps) {
    const bool moves = step.primitive == Primitive::input ||
                       step.primitive == Primitive::constant || step.primitive == Primitive::cast ||
                       step.primitive == Primitive::select;
    if (!moves && is_float(step.dtype)) ++count;
  }
  return count;
}

}  // namespace dagrad::detail
