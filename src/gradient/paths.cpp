#include "src/gradient/paths.hpp"

#include <algorithm>
#include <unordered_set>

namespace dagrad::detail {

Paths::Paths(const GraphView& graph, std::span<const Seeded> ys, std::span<const Value> xs)
    : graph_(graph) {
  std::uint32_t last = 0;
  for (const Seeded& y : ys) last = std::max(last, y.y.node_id());
  first_slot_.resize(last + 2);
  for (std::uint32_t node = 0; node <= last; ++node)
    first_slot_[node + 1] =
        first_slot_[node] + static_cast<std::uint32_t>(graph.results(node).size());
  on_path_.resize(last + 1);
  is_x_.resize(slots());
  to_y_.resize(slots());

  first_node_ = last;
  for (const Value& x : xs) {
    first_node_ = std::min(first_node_, x.node_id());
    if (x.node_id() <= last) is_x_[slot(x)] = true;
  }
  for (std::uint32_t node = first_node_; node <= last; ++node)
    for (std::size_t i = 0; i < graph.operands(node).size() && !on_path_[node]; ++i)
      on_path_[node] = wanted(node, i);

  for (const Seeded& y : ys) to_y_[slot(y.y)] = true;
  for (std::uint32_t node = last + 1; node-- > first_node_;) {
    const auto results = to_y_.begin() + first_slot_[node];
    if (std::find(results, to_y_.begin() + first_slot_[node + 1], true) ==
        to_y_.begin() + first_slot_[node + 1])
      continue;
    if (graph.op(node).traits().cut > 0) check_captured(node, xs);
    for (std::size_t i = 0; i < graph.operands(node).size(); ++i)
      if (const Edge& edge = graph.operands(node)[i]; open(node, i))
        to_y_[slot(edge.node, edge.port)] = true;
  }
}

bool Paths::open(std::uint32_t node, std::size_t operand) const {
  return !graph_.operands(node)[operand].type_only && operand >= graph_.op(node).traits().cut;
}

bool Paths::wanted(std::uint32_t node, std::size_t operand) const {
  const Edge& edge = graph_.operands(node)[operand];
  return open(node, operand) && (on_path_[edge.node] || is_x_[slot(edge.node, edge.port)]);
}

void Paths::check_captured(std::uint32_t node, std::span<const Value> xs) const {
  const auto operands = graph_.operands(node);
  const std::size_t cut = graph_.op(node).traits().cut;
  const auto key = [](const Edge& e) { return std::uint64_t{e.node} << 16 | e.port; };
  std::unordered_set<std::uint64_t> seen;  // the operands that the rule feeds end the walk
  for (std::size_t i = cut; i < operands.size(); ++i) seen.insert(key(operands[i]));
  std::vector<std::uint32_t> open_nodes;
  const auto visit = [&](const Edge& edge) {
    if (edge.type_only || !seen.insert(key(edge)).second) return;
    for (const Value& x : xs)
      if (x.node_id() == edge.node && x.port() == edge.port)
        throw GradientError("'" + x.name() + "' is captured by '" +
                            std::string(graph_.op(node).name()) +
                            "', whose rule feeds its inputs alone: make '" + x.name() +
                            "' one of them\n  " + place(graph_, node));
    open_nodes.push_back(edge.node);
  };
  for (std::size_t i = 0; i < cut; ++i) visit(operands[i]);
  while (!open_nodes.empty()) {
    const std::uint32_t from = open_nodes.back();
    open_nodes.pop_back();
    for (const Edge& edge : graph_.operands(from)) visit(edge);
  }
}

}  // namespace dagrad::detail
