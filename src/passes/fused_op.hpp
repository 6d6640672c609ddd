#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dagrad/op.hpp"
#include "src/passes/fusion_groups.hpp"

namespace dagrad::detail {

/// An op that computes all nodes of a group, with its operands and results as values of the graph
/// that they are from.
struct FusedOp {
  Op op;
  std::vector<Edge> operands, results;
};

/// Empty for a group that cannot be one op: if it has too many results, or if no operand has its
/// shape.
std::optional<FusedOp> fused_op(const GraphData& graph, const FusibleNodes& nodes,
                                const FusionGroups& groups, std::uint32_t group);

}  // namespace dagrad::detail
