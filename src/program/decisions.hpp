#pragma once

#include <span>

#include "dagrad/program.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad::detail {

/// Reports the decisions of a program for every element of the shape to which the operands
/// broadcast.
void program_decisions(const Program& program, std::span<const View> in, const Shape& shape,
                       const DecisionSink& sink);

}  // namespace dagrad::detail
