#include <algorithm>

#include "dagrad/error.hpp"
#include "dagrad/evaluate_op.hpp"
#include "src/graph/rewriting.hpp"
#include "src/passes/changes.hpp"
#include "src/tensor/finite_elements.hpp"

namespace dagrad {

namespace {

using detail::Edge, detail::GraphData;

bool is_constant(const GraphData& graph, const Edge& edge) {
  return graph.records[edge.node].kind == NodeKind::constant;
}

/// Whether an op that uses the node looks at constants when it is made, and might refuse this one.
bool is_validated(const GraphData& graph, std::uint32_t node) {
  const detail::Edges& edges = graph.edges;
  for (std::uint32_t use = edges.last_use(node); use != detail::Edges::none;
       use = edges.previous_use(use))
    if (graph.ops[graph.records[edges.user(use)].op].op.traits().has_validate) return true;
  return false;
}

/// Whether the node may be computed, if its operands are constants.
bool is_foldable(const GraphData& graph, std::uint32_t node) {
  const auto& record = graph.records[node];
  const auto operands = graph.operands_of(node);
  if (record.kind != NodeKind::op || operands.empty() || graph.ops[record.op].op.traits().ordered ||
      is_validated(graph, node))
    return false;
  std::size_t before = 64, after = 0;
  for (const Edge& edge : operands) before = std::max(before, graph.type(edge).bytes());
  const detail::ResultTypes results = graph.types_of(node);
  for (std::uint32_t port = 0; port < results.size(); ++port) after += results[port].bytes();
  return after <= before;
}

bool are_finite(std::span<const Tensor> tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [](const Tensor& tensor) {
    return detail::all_finite(tensor.view(), 0, tensor.size());
  });
}

class Folding {
 public:
  Folding(const GraphData& from, Runtime* runtime)
      : from_(from), runtime_(runtime), rewriting_(from, "fold_constants", detail::Retypes::none) {}

  Rewritten run(std::span<const std::uint32_t> nodes) && {
    for (const std::uint32_t node : nodes)
      rewriting_.make_for(node, [&] {
        if (!fold(node)) rewriting_.copy(node);
      });
    return std::move(rewriting_).finish();
  }

 private:
  /// The tensors of the operands, or none unless all of them are constants.
  std::vector<Tensor> constants(std::uint32_t node) {
    const GraphData& to = detail::Access::data(rewriting_.graph());
    std::vector<Tensor> tensors;
    for (const Edge& edge : from_.operands_of(node)) {
      const std::optional<Edge> now = rewriting_.find(edge);
      if (!now || !is_constant(to, *now)) return {};
      tensors.push_back(to.tensors[to.records[now->node].tensor]);
    }
    return tensors;
  }

  bool fold(std::uint32_t node) {
    const std::vector<Tensor> operands = constants(node);
    if (operands.empty() || !is_foldable(from_, node)) return false;
    std::vector<Tensor> results;
    try {
      const Op& op = from_.ops[from_.records[node].op].op;
      results = evaluate_op(op, operands, {runtime_}, from_.where(node));
    } catch (const Error&) {
      return false;  // a run will tell
    }
    if (!are_finite(results) && are_finite(operands)) return false;  // check_finite will tell
    std::vector<Value> values;
    for (const Tensor& result : results) values.push_back(rewriting_.graph().constant(result));
    rewriting_.replace(node, values);
    return true;
  }

  const GraphData& from_;
  Runtime* runtime_;
  detail::Rewriting rewriting_;
};

}  // namespace

detail::Change detail::fold_known_nodes(const Graph& graph, std::span<const Value> values,
                                        Runtime* runtime) {
  const GraphData& from = Access::data(graph);
  const std::vector<std::uint32_t> nodes = needed(from, values, {}, "fold_constants");
  const bool any = std::ranges::any_of(nodes, [&](std::uint32_t node) {
    return std::ranges::all_of(from.operands_of(node),
                               [&](const Edge& edge) { return is_constant(from, edge); }) &&
           is_foldable(from, node);
  });
  return any ? Change(Folding(from, runtime).run(nodes)) : Change();
}

PassResult fold_constants(const Graph& graph, std::span<const Value> values, Runtime* runtime) {
  return detail::or_copy(detail::fold_known_nodes(graph, values, runtime), graph, values);
}

PassResult drop_dead(const Graph& graph, std::span<const Value> values) {
  return extract(graph, values);
}

}  // namespace dagrad
