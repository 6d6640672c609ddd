#include "tests/memory/models.hpp"

#include <boost/range/iterator_range.hpp>

#include "dagrad/bgl.hpp"

namespace dagrad::test {

std::string listing(const Graph& graph) {
  std::string text = to_string(graph);
  for (const Node& node : graph.nodes()) {
    const auto found = graph.find(node.name());
    text += std::to_string(found ? found->node_id() : graph.size()) + " in '" + node.scope() + "':";
    for (const Node& user : node.users()) text += ' ' + std::to_string(user.id());
    if (node.kind() == NodeKind::parameter) text += ' ' + bits({node.tensor()});
    text += '\n';
  }
  text += std::to_string(num_vertices(graph)) + " vertices";
  for (const GraphEdge& edge : boost::make_iterator_range(edges(graph)))
    text += ' ' + std::to_string(edge.source) + ':' + std::to_string(get(edge_port, graph, edge)) +
            '>' + std::to_string(edge.target) + ':' +
            std::to_string(get(edge_operand, graph, edge));
  for (const std::size_t v : boost::make_iterator_range(vertices(graph)))
    text += ' ' + std::to_string(in_degree(v, graph)) + '/' + std::to_string(out_degree(v, graph));
  return text + '\n';
}

std::string bits(const std::vector<Tensor>& tensors) {
  std::string text;
  for (const Tensor& tensor : tensors)
    text.append(static_cast<const char*>(tensor.data()), tensor.type().bytes()) += ';';
  return text;
}

SmallModel::SmallModel() {
  x = graph.input("x", {f64, {2, 3}});
  w = graph.parameter("w", Tensor::full({f64, {3, 2}}, 0.25));
  y = sum(tanh(matmul(x, w) * 2));
}

Feeds SmallModel::feeds() const { return {{x, Tensor::full({f64, {2, 3}}, 0.5)}}; }

RichModel::RichModel() : steps{step_counter(graph)} {
  x = graph.input("x", {f64, {4}});
  const Scope encoder = graph.scope("encoder");
  w = graph.parameter("w", Tensor::full({f64, {4}}, 0.75));
  {
    const Scope layer = graph.scope("0");
    b = graph.parameter("b", Tensor(0.5));
    const Value hidden = elementwise(
        "bent", [](auto v) { return select(v > 0, v, 0.1 * v); })((x * w + b).named("hidden"));
    parts = split(hidden, 2);
  }
  const Value straight = custom_gradient(round(parts[0]), {parts[0]},
                                         [](const GradContext& g) { return Grads{g.dout * 2}; });
  y = sum(straight * parts[1] + 1).named("loss");
}

Feeds RichModel::feeds() const { return {{x, Tensor::of({1.0, -2.0, 3.0, -4.0})}}; }

}  // namespace dagrad::test
