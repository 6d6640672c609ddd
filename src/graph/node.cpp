#include <algorithm>
#include <ostream>

#include "src/graph/data.hpp"
#include "src/graph/name_check.hpp"
#include "src/graph/told_at.hpp"

namespace dagrad {

// ---- Value, Operand

void detail::throw_empty_value() {
  throw GraphError("this Value is empty: a default-constructed Value belongs to no graph");
}

detail::GraphData& Value::data() const {
  if (!control_) detail::throw_empty_value();
  if (!control_->graph)
    throw GraphError("this Value's graph is gone: a handle does not keep its graph alive");
  return *control_->graph;
}

void detail::require_same_graph(std::string_view called, const Value& first, const Value& value) {
  if (&Access::data(value) != &Access::data(first))
    throw GraphError(std::string(called) + ": '" + value.name() +
                     "' belongs to another graph than '" + first.name() + "'");
}

Type Value::type() const { return data().type({node_, port_, false}); }

DType Value::dtype() const { return data().type({node_, port_, false}).dtype; }

std::string Value::name() const {
  const std::string node = data().names.text(node_);
  return port_ == 0 ? node : node + ":" + std::to_string(port_);
}

Value Value::named(std::string_view name, Location where) const {
  detail::told_at(where, [&] {
    detail::check_name(name, detail::Named::node);
    data().names.set(node_, name);
  });
  return *this;
}

Node Value::node() const {
  data();
  return {control_, node_};
}

Type Operand::type() const {
  if (is_literal())
    throw ArgumentError(
        "a plain number has no dtype or shape of its own; make it a constant of the graph first");
  return value_.type();
}

std::ostream& operator<<(std::ostream& out, const Value& value) {
  return out << '%' << value.name() << " : " << value.type();
}

// ---- Node

detail::GraphData& Node::data() const {
  if (!control_->graph)
    throw GraphError("this Node's graph is gone: a handle does not keep its graph alive");
  return *control_->graph;
}

NodeKind Node::kind() const { return data().records[id_].kind; }
std::string Node::name() const { return data().names.text(id_); }
bool Node::has_user_name() const { return data().names.user_given(id_); }
std::string Node::scope() const { return data().names.scope_text(data().names.scope_of(id_)); }
Location Node::where() const { return data().where(id_); }
const Op& Node::op() const { return data().ops[data().records[id_].op].op; }

std::vector<Value> Node::operands() const {
  std::vector<Value> values;
  for (const detail::Edge& edge : data().operands_of(id_))
    values.push_back(detail::Access::value(control_, edge.node, edge.port));
  return values;
}
bool Node::type_only(std::size_t operand) const {
  const auto operands = data().operands_of(id_);
  if (operand >= operands.size())
    throw GraphError("node '" + name() + "' has " + std::to_string(operands.size()) +
                     " operands; there is no operand " + std::to_string(operand));
  return operands[operand].type_only;
}
std::size_t Node::outputs() const { return data().types_of(id_).size(); }

Value Node::output(std::size_t port) const {
  if (port >= outputs())
    throw GraphError("node '" + name() + "' has " + std::to_string(outputs()) +
                     " results; there is no result " + std::to_string(port));
  return detail::Access::value(control_, id_, static_cast<std::uint32_t>(port));
}

std::vector<Node> Node::users() const {
  const detail::Edges& edges = data().edges;
  std::vector<Node> nodes;
  for (auto edge = edges.last_use(id_); edge != detail::Edges::none;
       edge = edges.previous_use(edge))
    if (nodes.empty() || nodes.back().id() != edges.user(edge))
      nodes.push_back({control_, edges.user(edge)});
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

std::optional<std::uint32_t> Node::forward_node() const {
  const std::uint32_t forward = data().records[id_].forward;
  if (forward == detail::no_node) return {};
  return forward;
}

int Node::gradient_order() const { return data().records[id_].order; }

std::optional<Provenance> Node::provenance() const {
  const detail::GraphData& graph = data();
  const auto& record = graph.records[id_];
  if (record.forward == detail::no_node) {
    if (record.origin == detail::no_node) return {};
    return graph.provenances[record.origin];
  }
  Provenance result;
  for (std::uint32_t node = record.forward; node != detail::no_node;
       node = graph.records[node].forward) {
    const std::string text = graph.names.text(node);
    if (node == record.forward)
      result = {text, graph.names.scope_text(graph.names.scope_of(node)), graph.where(node), {}};
    else
      result.parents.push_back(text);
  }
  return result;
}

std::vector<Origin> Node::origins() const {
  const detail::GraphData& graph = data();
  std::vector<Origin> found;
  for (const auto& of : graph.origins(id_)) {
    const auto& known = graph.known_origins[of.origin];
    found.push_back({graph.origin_names.text(known.name), known.where()});
  }
  if (found.empty()) found.push_back({name(), where()});
  return found;
}

const Tensor& Node::tensor() const {
  const auto& record = data().records[id_];
  if (record.tensor == detail::no_node)
    throw GraphError("node '" + name() +
                     "' has no tensor: it is neither a constant nor a parameter");
  return data().tensors[record.tensor];
}

}  // namespace dagrad
