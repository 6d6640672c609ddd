// Guide: two passes that a user might write, each a function from graph to graph.
#include <dagrad/dagrad.hpp>

#include <cmath>
#include <iostream>
#include <unordered_map>

using namespace dagrad;

// [merge]
/// Merges equal nodes: those with equal ops on the same operands.
Rewritten merge_equal(const Graph& graph) {
  std::unordered_multimap<std::size_t, Node> known;  // nodes of the new graph, by their op
  return rewrite(graph, [&](Rewriter& rewriter, const Node& node) {
    if (node.kind() != NodeKind::op || node.op().traits().ordered) return;  // it is copied
    const std::vector<Value> operands = rewriter(node.operands());
    const auto [first, last] = known.equal_range(node.op()->hash());
    for (auto at = first; at != last; ++at) {
      const Node& other = at->second;
      if (other.op() == node.op() && other.operands() == operands) {
        std::vector<Value> results;
        for (std::size_t i = 0; i < other.outputs(); ++i) results.push_back(other.output(i));
        return rewriter.replace(results);
      }
    }
    known.emplace(node.op()->hash(), rewriter.copy().front().node());
  });
}
// [/merge]

// [expand]
/// Replaces softplus(x) = log(1 + exp(x)) by basic ops.
Rewritten expand_softplus(const Graph& graph) {
  return rewrite(graph, [](Rewriter& rewriter, const Node& node) {
    if (!node.op().get_if<Softplus>()) return;
    const Value x = rewriter(node.operands()[0]);
    const Value rest = log1p(exp(-abs(x)));
    rewriter.replace(maximum(x, 0) + rest);
  });
}
// [/expand]

int main() {
  // [use]
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value left = softplus(x), right = softplus(x);
  const Value y = sum(left * right).named("y");

  const Rewritten merged = merge_equal(graph);
  const Rewritten expanded = expand_softplus(merged.graph);
  std::cout << graph << "\n" << expanded.graph;
  // [/use]

  // [run]
  const Function before = compile({y});
  const Function after = compile({expanded.mapping(merged.mapping(y))});
  const Tensor data = Tensor::of({-1.0, 0.0, 1.0});
  // Both are fed with the x of the original graph.
  std::cout << before({{x, data}})[0].item<double>() << " and "
            << after({{x, data}})[0].item<double>() << "\n";
  // [/run]
  return merged.graph.size() + 1 == graph.size() && merged.mapping(left) == merged.mapping(right) &&
                 std::abs(before({{x, data}})[0].item<double>() -
                          after({{x, data}})[0].item<double>()) < 1e-12
             ? 0
             : 1;
}
