#pragma once

#include <memory>
#include <vector>

#include "src/exec/kernel.hpp"

namespace dagrad::detail {

/// The kernel of an op that joins its operands along the outermost axis, or divides its operand
/// along it: the parts lie one after the other in the whole. It copies those that do not lie there
/// already. Null for other ops, and for values that are so large that several threads copy them.
std::unique_ptr<const Kernel> make_parts_kernel(const Op& op, const std::vector<Type>& in,
                                                const std::vector<Type>& out,
                                                const Machine& machine);

}  // namespace dagrad::detail
