#pragma once

#include <memory>

#include "dagrad/eval.hpp"
#include "src/exec/kernel.hpp"

namespace dagrad::detail {

/// Whether no element is an infinity or a NaN; true for integers and bools.
bool all_finite(const View& view, const Parallel& parallel);

/// A kernel that runs the other one, and throws RunError where a result is not finite although all
/// elements of the operands are. The kernel itself where there is nothing to look at: no float
/// result, or no operand that is read, as of `full_like`.
std::unique_ptr<const Kernel> checking_finite(std::unique_ptr<const Kernel> kernel);

}  // namespace dagrad::detail
