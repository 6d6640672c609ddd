#pragma once

#include <cstdint>

#include "dagrad/grad.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// Calls the rule of a node's op and checks what it returns. Each gradient is then `zero` or a
/// value of the operand's type, summed to its shape if the op broadcasts; those that are not wanted
/// are `zero`. Throws GradientError if the rule is wrong or a wanted gradient does not exist.
Grads call_rule(GraphData& graph, std::uint32_t node, const GradContext& context);

}  // namespace dagrad::detail
