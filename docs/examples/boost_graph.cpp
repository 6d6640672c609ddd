// Examples: an algorithm of Boost.Graph on a dagrad graph.
#include <dagrad/bgl.hpp>
#include <dagrad/dagrad.hpp>

#include <algorithm>
#include <boost/graph/dag_shortest_paths.hpp>
#include <boost/graph/filtered_graph.hpp>
#include <boost/property_map/function_property_map.hpp>
#include <iomanip>
#include <iostream>

using namespace dagrad;

// [work]
/// Floating-point operations of a node: 2mnk for a matrix product, else one per result element.
double work(const Node& node) {
  if (node.kind() != NodeKind::op) return 0;
  const double results = static_cast<double>(node.output().size());
  const auto* const product = node.op().get_if<Matmul>();
  if (!product) return results;
  const Shape left = node.operands()[0].shape();
  return 2 * results * static_cast<double>(left[product->transpose_left ? 0 : 1]);
}
// [/work]

// [path]
/// Keeps the edges that carry numbers: a node does not wait for operands that are type-only.
struct Waits {
  const Graph* graph = nullptr;
  bool operator()(const GraphEdge& edge) const { return !get(edge_type_only, *graph, edge); }
};

/// The longest chain of nodes, weighted by their work, in which each needs the one before it and
/// the first needs `first`. However many threads there are, a run takes at least this long.
std::vector<Node> critical_path(const Graph& graph, const Value& first) {
  const boost::filtered_graph<Graph, Waits> waiting(graph, {&graph});
  const auto weights = boost::make_function_property_map<GraphEdge>(
      [&](const GraphEdge& edge) { return work(graph.node(edge.target)); });

  std::vector<std::size_t> before(graph.size());
  std::vector<double> ready(graph.size());
  boost::dag_shortest_paths(waiting, first.node_id(),  // the longest path: greater is better
                            boost::predecessor_map(before.data())
                                .distance_map(ready.data())
                                .weight_map(weights)
                                .distance_compare(std::greater<>())
                                .distance_inf(-1.0));

  std::vector<Node> path;
  auto at = static_cast<std::size_t>(std::ranges::max_element(ready) - ready.begin());
  for (; at != first.node_id(); at = before[at])
    path.push_back(graph.node(static_cast<std::uint32_t>(at)));
  std::ranges::reverse(path);
  return path;
}
// [/path]

int main() {
  // [network]
  Graph graph;
  Rng rng(1);
  const Value x = graph.input("x", {f32, {64, 256}});
  const Value y = graph.input("y", {i64, {64}});
  std::vector<Value> weights;
  Value h = x;
  for (const std::int64_t width : {512, 512, 10}) {
    weights.push_back(graph.parameter("w" + std::to_string(weights.size() + 1),
                                      rng.he_normal({h.shape()[1], width}, f32)));
    h = matmul(weights.size() > 1 ? relu(h) : h, weights.back());
  }
  gradient(cross_entropy(h, y), weights);
  // [/network]

  // [print]
  double all = 0, longest = 0;
  for (const Node& node : graph.nodes()) all += work(node);
  std::cout << std::fixed << std::setprecision(1);
  for (const Node& node : critical_path(graph, x)) {
    longest += work(node);
    std::cout << std::setw(8) << work(node) / 1e3 << "  " << node.name();
    if (const auto from = node.provenance()) std::cout << ", gradient of " << from->node;
    std::cout << "\n";
  }
  std::cout << "The path is " << longest / 1e6 << " of " << all / 1e6
            << " million operations: threads gain at most " << all / longest << " times\n";
  // [/print]
  // Six products: three forward, two back to the first layer, one for the weights there.
  const double m = 64, first = 256, hidden = 512, classes = 10;
  const double products =
      2 * m * (first * hidden + hidden * hidden + 2 * hidden * classes + hidden * hidden) +
      2 * m * first * hidden;
  if (longest > products && longest < 1.02 * products && all > longest) return 0;
  std::cerr << "that is not the critical path: " << longest << ", products take " << products
            << "\n";
  return 1;
}
