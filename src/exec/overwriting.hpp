#pragma once

#include <cstddef>

#include "src/exec/lifetimes.hpp"
#include "src/exec/plan.hpp"

namespace dagrad::detail {

/// Whether a step may write a result over an operand if nothing else needs that. Both lie in memory
/// of dagrad.
bool may_overwrite(const Plan& plan, const Step& step, std::size_t result, std::size_t operand);

/// Puts large values that only the step of an output needs, and may overwrite, where the output
/// will be. So the gradients of an update take no memory of the arena.
void put_into_outputs(Plan& plan, const Lifetimes& lifetimes);

}  // namespace dagrad::detail
