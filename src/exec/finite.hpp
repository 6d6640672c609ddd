#pragma once

#include <memory>

#include "dagrad/eval.hpp"
#include "src/exec/kernel.hpp"

namespace dagrad::detail {

/// Whether no element is an infinity or a NaN; true for integers and bools.
bool all_finite(const View& view, const Parallel& parallel);

/// A kernel that runs the given one, and throws RunError if a result is not finite although all
/// elements of the operands are. Returns the given kernel if there is nothing to check: if it has
/// no float result, or reads no operand, as for `full_like`.
std::unique_ptr<const Kernel> checking_finite(std::unique_ptr<const Kernel> kernel);

}  // namespace dagrad::detail
