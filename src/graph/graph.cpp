#include "dagrad/graph.hpp"

#include <charconv>
#include <optional>

#include "src/graph/data.hpp"
#include "src/graph/name_check.hpp"
#include "src/graph/room.hpp"
#include "src/graph/told_at.hpp"
#include "src/tensor/utf8.hpp"

namespace dagrad {

namespace {

/// Leaves have ops too, so that code that walks a graph can treat all nodes alike.
template <int Kind>
struct Leaf {
  static constexpr std::string_view name = Kind == 0   ? "input"
                                           : Kind == 1 ? "parameter"
                                                       : "constant";
  static constexpr auto doc = "A value from outside the graph.";
  static constexpr no_grad grad{"it has no operands"};
  Type infer(std::span<const Type>) const {
    throw InternalError("a leaf's type is given, not inferred");
  }
  void eval(const EvalContext&) const { throw InternalError("a leaf is not computed"); }
};

Op leaf_op(NodeKind kind) {
  if (kind == NodeKind::input) return Leaf<0>{};
  if (kind == NodeKind::parameter) return Leaf<1>{};
  return Leaf<2>{};
}

}  // namespace

namespace detail {

Value add_leaf(GraphData& graph, NodeKind kind, const Type& type, std::string_view name,
               std::optional<Tensor> tensor, Location call) {
  const std::uint32_t op = graph.intern(leaf_op(kind));
  const Result result{graph.types.index(type), kind == NodeKind::input && type.shape.rank() > 0
                                                   ? graph.extents.fresh(type.shape.rank())
                                                   : graph.extents.fixed(type.shape)};
  if (tensor) make_room(graph.tensors, 1);
  if (kind == NodeKind::input) make_room(graph.inputs, 1);
  return all_or_nothing(graph, [&] {
    const std::uint32_t id = graph.add(op, kind, {}, {&result, 1}, call);
    if (tensor) {
      graph.records[id].tensor = static_cast<std::uint32_t>(graph.tensors.size());
      graph.tensors.push_back(*std::move(tensor));
    }
    if (kind == NodeKind::input) graph.inputs.push_back(id);
    if (!name.empty()) graph.names.set(id, name);
    return Access::value(graph.share(), id, 0);
  });
}

}  // namespace detail

Graph::Graph() : control_(new detail::Control) {
  control_->graph = new detail::GraphData(control_.get());
}
Graph::Graph(Graph&& other) noexcept = default;
Graph& Graph::operator=(Graph&& other) noexcept {
  std::swap(control_, other.control_);
  return *this;
}
Graph::~Graph() {
  if (control_) delete std::exchange(control_->graph, nullptr);
}

detail::GraphData& Graph::data() const {
  if (!control_) throw GraphError("this Graph is empty: it has been moved from");
  return *control_->graph;
}

Value Graph::input(std::string_view name, const Type& type, Location where) {
  return detail::told_at(where, [&] {
    detail::check_name(name, detail::Named::node);
    return detail::add_leaf(data(), NodeKind::input, type, name, {}, where);
  });
}
Value Graph::parameter(std::string_view name, const Tensor& initial, Location where) {
  return detail::told_at(where, [&] {
    detail::check_name(name, detail::Named::node);
    return detail::add_leaf(data(), NodeKind::parameter, initial.type(), name, initial, where);
  });
}
Value Graph::constant(const Tensor& value, Location where) {
  return detail::add_leaf(data(), NodeKind::constant, value.type(), {}, value, where);
}

Scope Graph::scope(std::string_view name, Location where) {
  return detail::told_at(where, [&] {
    detail::check_name(name, detail::Named::scope);
    return Scope(control_, data().open_scope(name));
  });
}
std::string Graph::current_scope() const { return data().names.scope_text(data().making.scope); }
Scope::Scope(Scope&& other) noexcept
    : control_(std::move(other.control_)), opening_(other.opening_) {}
Scope::~Scope() {
  if (control_ && control_->graph) control_->graph->close_scope(opening_);
}

namespace {

/// A value's name split into that of its node and the number of the result; nothing if the text
/// after the colon is not a number.
struct ValueName {
  std::string_view node;
  std::uint32_t port = 0;
};
std::optional<ValueName> parse_value_name(std::string_view name) {
  const auto colon = name.rfind(':');
  if (colon == name.npos) return ValueName{name};
  ValueName parsed{name.substr(0, colon)};
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + colon + 1, end, parsed.port);
  if (error != std::errc{} || stop != end) return {};
  return parsed;
}

}  // namespace

std::optional<Value> Graph::find(std::string_view name) const {
  const detail::GraphData& graph = data();
  const auto parsed = parse_value_name(name);
  if (!parsed) return {};
  const std::uint32_t id = graph.names.find(parsed->node);
  if (id == detail::no_node || parsed->port >= graph.types_of(id).size()) return {};
  return detail::Access::value(control_, id, parsed->port);
}

Value Graph::at(std::string_view name, Location where) const {
  if (auto value = find(name)) return *std::move(value);
  std::string text = "there is no value \"" + detail::printable(name) + "\" in the graph";
  const auto similar = data().names.similar(name);
  for (std::size_t i = 0; i < similar.size(); ++i)
    text += (i == 0 ? "; similar names: " : ", ") + detail::printable(similar[i]);
  throw GraphError(text + "\n  called at " + to_string(where));
}

std::size_t Graph::size() const { return data().size(); }
std::size_t Graph::edges() const { return data().edges.size(); }

Node Graph::node(std::uint32_t id) const {
  if (id >= data().size())
    throw GraphError("there is no node " + std::to_string(id) + ": the graph has " +
                     std::to_string(data().size()));
  return {control_, id};
}
std::vector<Node> Graph::nodes() const {
  std::vector<Node> all;
  all.reserve(size());
  for (std::uint32_t id = 0; id < data().size(); ++id) all.push_back({control_, id});
  return all;
}

std::vector<Value> Graph::inputs() const {
  std::vector<Value> values;
  const detail::GraphView view(*this);
  for (const std::uint32_t id : view.inputs()) values.push_back(view.value(id));
  return values;
}
std::vector<Value> Graph::parameters() const {
  std::vector<Value> values;
  const detail::GraphView view(*this);
  for (std::uint32_t id = 0; id < view.size(); ++id)
    if (view.kind(id) == NodeKind::parameter) values.push_back(view.value(id));
  return values;
}

const detail::Edges& detail::edges_of(const Graph& graph) { return Access::data(graph).edges; }

}  // namespace dagrad
