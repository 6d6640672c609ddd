#include "dagrad/passes/epilogues.hpp"

#include <algorithm>
#include <utility>

#include "src/graph/rewriting.hpp"
#include "src/passes/changes.hpp"
#include "src/passes/joint_nodes.hpp"
#include "src/passes/limits.hpp"

namespace dagrad {

namespace {

using detail::Edge, detail::FoundGroups, detail::GraphData, detail::JointOp;

/// Finds the products that only one elementwise node needs.
class EpilogueNodes final : public FoundGroups {
 public:
  EpilogueNodes(const GraphData& graph, std::span<const Value> values)
      : EpilogueNodes(graph, values, detail::needed(graph, values, {}, "fuse_epilogues")) {}

  std::span<const std::uint32_t> nodes() const override { return nodes_; }
  bool is_ordered(std::uint32_t node) const override {
    return is_op(node) && op_of(node).traits().ordered;
  }

 private:
  static constexpr std::uint32_t several = none - 1;

  EpilogueNodes(const GraphData& graph, std::span<const Value> values,
                std::vector<std::uint32_t> nodes)
      : FoundGroups(nodes), graph_(graph), nodes_(std::move(nodes)) {
    user_.resize(nodes_.empty() ? 0 : nodes_.back() + 1, none);
    for (const std::uint32_t node : nodes_) note_uses(node);
    for (const Value& value : values) user_[value.node_id()] = several;
    for (const std::uint32_t node : nodes_) find_group(node);
  }

  bool is_op(std::uint32_t node) const { return graph_.records[node].kind == NodeKind::op; }
  const Op& op_of(std::uint32_t node) const { return graph_.ops[graph_.records[node].op].op; }
  void note_uses(std::uint32_t node);
  void find_group(std::uint32_t node);
  std::uint32_t find_product(std::uint32_t node) const;
  bool is_worth_it(std::uint32_t product) const;
  bool has_result_like(std::uint32_t node, const Type& type) const;

  const GraphData& graph_;
  std::vector<std::uint32_t> nodes_;
  std::vector<std::uint32_t> user_;  ///< by node: the only one that needs it, `several` or `none`
};

void EpilogueNodes::note_uses(std::uint32_t node) {
  for (const Edge& edge : graph_.operands_of(node)) {
    if (edge.type_only) continue;
    std::uint32_t& user = user_[edge.node];
    user = user == none || user == node ? node : several;
  }
}

bool EpilogueNodes::is_worth_it(std::uint32_t product) const {
  const Type& type = graph_.types_of(product)[0];
  if (type.bytes() < detail::least_product || !is_float(type.dtype)) return false;
  for (const Edge& edge : graph_.operands_of(product))
    if (graph_.type(edge).shape.rank() < 2) return false;
  return type.shape[type.shape.rank() - 1] >= detail::least_product_columns;
}

bool EpilogueNodes::has_result_like(std::uint32_t node, const Type& type) const {
  const auto& results = graph_.types_of(node);
  for (std::uint32_t port = 0; port < results.size(); ++port)
    if (results[port] == type) return true;
  return false;
}

/// A product of the node's shape that only the node needs: of several, the first.
std::uint32_t EpilogueNodes::find_product(std::uint32_t node) const {
  for (const Edge& edge : graph_.operands_of(node)) {
    if (!is_op(edge.node) || user_[edge.node] != node || !op_of(edge.node).get_if<Matmul>())
      continue;
    if (is_worth_it(edge.node) && has_result_like(node, graph_.type(edge))) return edge.node;
  }
  return none;
}

void EpilogueNodes::find_group(std::uint32_t node) {
  if (!is_op(node)) return;
  const std::uint32_t product = find_product(node);
  if (product == none) return;
  ProgramPtr program = detail::formula_of(graph_, node, MatmulWithEpilogue::most_inputs);
  if (!program) return;
  const Matmul& matmul = *op_of(product).get_if<Matmul>();
  MatmulWithEpilogue op{matmul.transpose_left, matmul.transpose_right, std::move(program), {}};
  JointOp joint;
  const auto add = [&](const Edge& edge) {
    joint.operands.push_back({Edge(edge.node, edge.port, false), &graph_.type(edge).shape});
  };
  std::ranges::for_each(graph_.operands_of(product), add);
  for (std::int64_t i = 0; const Edge& edge : graph_.operands_of(node)) {
    if (edge.node == product)
      op.product_inputs.push_back(i);
    else
      add(edge);
    ++i;
  }
  joint.op = std::move(op);
  for (std::uint32_t port = 0; port < graph_.types_of(node).size(); ++port)
    joint.results.emplace_back(node, port, false);
  add_group({product, node}, std::move(joint));
}

}  // namespace

detail::Change detail::epilogue_groups(const Graph& graph, std::span<const Value> values) {
  const GraphData& from = Access::data(graph);
  EpilogueNodes nodes(from, values);
  return nodes.any() ? Change(join_nodes(from, "fuse_epilogues", nodes)) : Change();
}

PassResult fuse_epilogues(const Graph& graph, std::span<const Value> values) {
  return detail::or_copy(detail::epilogue_groups(graph, values), graph, values);
}

}  // namespace dagrad
