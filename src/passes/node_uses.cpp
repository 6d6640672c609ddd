#include "src/passes/node_uses.hpp"

namespace dagrad::detail {

NodeUses::NodeUses(const GraphData& graph, std::span<const std::uint32_t> nodes,
                   std::span<const Value> values)
    : uses_(nodes.empty() ? 0 : nodes.back() + 1), known_(uses_.size()) {
  for (const std::uint32_t node : nodes) {
    const NodeKind kind = graph.records[node].kind;
    known_[node] = kind == NodeKind::op || kind == NodeKind::constant;
    for (const Edge& edge : graph.operands_of(node)) {
      if (edge.type_only) continue;
      ++uses_[edge.node];
      known_[node] = known_[node] && known_[edge.node];
    }
  }
  for (const Value& value : values) ++uses_[value.node_id()];
}

}  // namespace dagrad::detail
