#include "dagrad/graph.hpp"

#include "src/graph/data.hpp"
#include "src/graph/room.hpp"

namespace dagrad {

namespace {

/// Leaves have ops too, so that everything that walks a graph can ask every node the same.
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
               const Tensor* tensor, Location where) {
  GraphData::Record record;
  record.op = graph.intern(leaf_op(kind));
  record.kind = kind;
  record.scope = graph.current_scope;
  record.forward = graph.current_forward;
  record.order = graph.current_order;
  record.where = where;
  if (tensor) {
    make_room(graph.tensors, 1);
    record.tensor = static_cast<std::uint32_t>(graph.tensors.size());
  }
  Transaction transaction(graph);
  const std::uint32_t id = graph.add(record, {}, {&type, 1});
  if (tensor) graph.tensors.push_back(*tensor);
  if (kind != NodeKind::constant) graph.names.set(id, record.scope, name);
  transaction.keep();
  return {graph.share(), id, 0};
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

Value Graph::input(std::string_view name, const Type& type, const char* file, int line) {
  return detail::add_leaf(data(), NodeKind::input, type, name, nullptr, {file, line});
}
Value Graph::parameter(std::string_view name, const Tensor& initial, const char* file, int line) {
  return detail::add_leaf(data(), NodeKind::parameter, initial.type(), name, &initial,
                          {file, line});
}
Value Graph::constant(const Tensor& value, const char* file, int line) {
  return detail::add_leaf(data(), NodeKind::constant, value.type(), {}, &value, {file, line});
}

Scope Graph::scope(std::string_view name) {
  detail::GraphData& graph = data();
  const std::uint32_t outer = graph.current_scope;
  graph.current_scope = graph.names.scope(outer, name);
  return Scope(control_, outer);
}
Scope::Scope(Scope&& other) noexcept : control_(std::move(other.control_)), outer_(other.outer_) {}
Scope::~Scope() {
  if (control_ && control_->graph) control_->graph->current_scope = outer_;
}

std::optional<Value> Graph::find(std::string_view name) const {
  const detail::GraphData& graph = data();
  std::uint32_t port = 0;
  std::string_view node = name;
  if (const auto colon = name.rfind(':'); colon != name.npos) {
    for (const char c : name.substr(colon + 1)) {
      if (c < '0' || c > '9' || port > 0xffff) return {};
      port = port * 10 + static_cast<std::uint32_t>(c - '0');
    }
    node = name.substr(0, colon);
  }
  const std::uint32_t id = graph.names.find(node);
  if (id == detail::no_node || port >= graph.types_of(id).size() ||
      graph.names.text(id, graph.records[id].scope) != node)
    return {};
  return Value(control_, id, port);
}

Value Graph::at(std::string_view name) const {
  if (auto value = find(name)) return *std::move(value);
  std::string text = "there is no value \"" + std::string(name) + "\" in the graph";
  const auto similar = data().names.similar(name);
  for (std::size_t i = 0; i < similar.size(); ++i)
    text += (i == 0 ? "; similar names: " : ", ") + similar[i];
  throw GraphError(text);
}

std::size_t Graph::size() const { return data().size(); }
std::size_t Graph::edges() const { return data().operands.size(); }

Node Graph::node(std::uint32_t id) const {
  if (id >= data().size())
    throw GraphError("there is no node " + std::to_string(id) + ": the graph has " +
                     std::to_string(data().size()));
  return {control_, id};
}
std::vector<Node> Graph::nodes() const {
  std::vector<Node> all;
  all.reserve(size());
  for (std::uint32_t id = 0; id < data().size(); ++id) all.emplace_back(control_, id);
  return all;
}

namespace {
std::vector<Value> leaves(const Graph& graph, NodeKind kind) {
  std::vector<Value> values;
  for (std::uint32_t id = 0; id < graph.data().size(); ++id)
    if (graph.data().records[id].kind == kind) values.emplace_back(graph.control(), id, 0U);
  return values;
}
}  // namespace

std::vector<Value> Graph::inputs() const { return leaves(*this, NodeKind::input); }
std::vector<Value> Graph::parameters() const { return leaves(*this, NodeKind::parameter); }

const BoostGraph& boost_graph(const Graph& graph) { return graph.data().boost; }

}  // namespace dagrad
