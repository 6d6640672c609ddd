#pragma once

#include <span>

#include "dagrad/program.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad::detail {

/// Decisions of a program for every element of a shape that the operands broadcast to.
void program_decisions(const Program& program, std::span<const View> in, const Shape& shape,
                       const DecisionSink& sink);

}  // namespace dagrad::detail
