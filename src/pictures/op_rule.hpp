#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dagrad/notation.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// The gradient rule of an op, written for operands called x, or a, b, … : with δ = ∂L/∂y,
/// y = a·b has ∂L/∂b = aᵀδ.
struct OpRule {
  struct Line {
    Notation left, right;
  };
  Line forward;
  std::vector<Line> gradient;  ///< the last line is the derivative; earlier ones are parts of it
};

/// The rule of a node for one of its operands, from the nodes that the op's own rule appends. Empty
/// if the op has several results or no rule for the operand.
std::optional<OpRule> rule_of(const GraphView& graph, std::uint32_t node, std::uint32_t operand);

}  // namespace dagrad::detail
