#include <unordered_map>

#include "dagrad/ops/control.hpp"
#include "src/graph/data.hpp"

namespace dagrad {

void Mapping::add(const Value& from, const Value& to) {
  if (to_.size() <= from.node_id()) to_.resize(from.node_id() + 1);
  auto& ports = to_[from.node_id()];
  if (ports.size() <= from.port()) ports.resize(from.port() + 1);
  if (ports[from.port()].empty()) ++size_;
  ports[from.port()] = to;
}

std::optional<Value> Mapping::find(const Value& old) const {
  if (old.node_id() >= to_.size() || old.port() >= to_[old.node_id()].size() ||
      to_[old.node_id()][old.port()].empty())
    return {};
  return to_[old.node_id()][old.port()];
}

Value Mapping::operator()(const Value& old) const {
  if (auto value = find(old)) return *std::move(value);
  throw GraphError("the value '" + old.name() + "' has no counterpart in the new graph");
}

std::vector<Value> Mapping::operator()(std::span<const Value> old) const {
  std::vector<Value> values;
  for (const Value& value : old) values.push_back((*this)(value));
  return values;
}

namespace detail {

namespace {

/// Copies nodes of one graph to another, operands first; what is special about a rewrite is decided
/// by its caller.
class Copier {
 public:
  explicit Copier(const GraphData& from)
      : from_(from), to_(result_.graph.data()), node_(from_.size(), no_node) {}

  bool has(std::uint32_t node) const { return node_[node] != no_node; }

  /// Copies a leaf with another type, its tensor converted.
  void leaf(std::uint32_t id, const Type& type) {
    const auto& record = from_.records[id];
    const Scope scope = enter(id);
    if (type.shape.rank() != from_.types_of(id)[0].shape.rank()) refuse_rank(id, 0, type);
    Tensor tensor;
    if (record.tensor != no_node) tensor = retyped(from_.tensors[record.tensor], type, id);
    place(id, [&] {
      return add_leaf(to_, record.kind, type, {}, record.tensor == no_node ? nullptr : &tensor,
                      from_.where(id))
          .node_id();
    });
    restore_name(id);
  }

  /// Copies a node that is no leaf; its operands are there.
  void node(std::uint32_t id, const Op& op) {
    const Scope scope = enter(id);
    edges_.clear();
    for (const Edge& edge : from_.operands_of(id)) edges_.push_back(moved(edge));
    place(id, [&] { return append_node(to_, op, edges_, from_.where(id)); });
    const auto results = to_.types_of(node_[id]);
    for (std::uint32_t port = 0; port < results.size(); ++port)
      if (results[port].shape.rank() != from_.types_of(id)[port].shape.rank())
        refuse_rank(id, port, results[port]);
    restore_name(id);
  }

  /// Casts the results of a node that should have become `to`, but for all its operands are still
  /// `from`.
  void cast_results(std::uint32_t id, DType from, DType to) {
    for (std::uint32_t port = 0; port < from_.types_of(id).size(); ++port) {
      if (from_.types_of(id)[port].dtype != from || to_.types_of(node_[id])[port].dtype != from)
        continue;
      const Edge result{node_[id], port, false};
      const Edge cast{append_node(to_, Cast{to}, {&result, 1}, from_.where(id)), 0, false};
      cut_[{id, port}] = cast;
      result_.mapping.add({from_.share(), id, port}, {to_.share(), cast.node, 0});
    }
  }

  /// An input in the place of one result of a node.
  void cut(const Value& value) {
    const Value input = add_leaf(to_, NodeKind::input, value.type(), input_name(value), nullptr,
                                 from_.where(value.node_id()));
    cut_[{value.node_id(), value.port()}] = {input.node_id(), 0, false};
    result_.mapping.add(value, input);
  }

  /// From now on uses of one value become uses of another, both of the old graph.
  void redirect(const Value& from, const Value& to) {
    instead_[{from.node_id(), from.port()}] = {to.node_id(), to.port(), false};
  }

  /// The old node that an operand will come from.
  std::uint32_t source(const Edge& old) const { return redirected(old).node; }

  Edge moved(const Edge& old) const {
    const Edge edge = redirected(old);
    if (const auto at = cut_.find({edge.node, edge.port}); at != cut_.end())
      return {at->second.node, 0, old.type_only};
    return {node_[edge.node], edge.port, old.type_only};
  }

  const GraphData& from() const { return from_; }
  Rewritten take() && { return std::move(result_); }

 private:
  using Key = std::pair<std::uint32_t, std::uint32_t>;
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<std::uint64_t>{}(std::uint64_t{key.first} << 32 | key.second);
    }
  };

  Edge redirected(const Edge& old) const {
    const auto at = instead_.find({old.node, old.port});
    return at == instead_.end() ? old : Edge{at->second.node, at->second.port, old.type_only};
  }

  /// The scope of a node, entered in the new graph; left by the caller's end.
  class Scope {
   public:
    Scope(GraphData& graph, std::uint32_t scope) : graph_(graph) { graph.current_scope = scope; }
    ~Scope() { graph_.current_scope = 0; }

   private:
    GraphData& graph_;
  };
  Scope enter(std::uint32_t id) {
    const std::string& text = from_.names.scope_text(from_.names.scope_of(id));
    return Scope(to_, text.empty() ? 0 : to_.names.scope(0, text));
  }

  /// Runs `make`, then carries over provenance and results of node `id`.
  template <class F>
  void place(std::uint32_t id, F&& make) {
    const std::uint32_t fresh = node_[id] = make();
    auto& record = to_.records[fresh];
    const auto& old = from_.records[id];
    record.order = old.order;
    if (old.forward != no_node && node_[old.forward] != no_node) {
      record.forward = node_[old.forward];
    } else if (const auto provenance = dagrad::Node(from_.share(), id).provenance()) {
      record.origin = static_cast<std::uint32_t>(to_.origins.size());
      to_.origins.push_back(*provenance);
    }
    for (std::uint32_t port = 0; port < to_.types_of(fresh).size(); ++port)
      result_.mapping.add({from_.share(), id, port}, {to_.share(), fresh, port});
  }

  /// Names the copy of a node as the user has named that.
  void restore_name(std::uint32_t id) {
    if (!from_.names.user_given(id)) return;
    const std::string full = from_.names.text(id);
    const std::string& scope = from_.names.scope_text(from_.names.scope_of(id));
    to_.names.restore(node_[id],
                      std::string_view(full).substr(scope.empty() ? 0 : scope.size() + 1));
  }
  std::string input_name(const Value& value) const {
    std::string name = from_.names.text(value.node_id());
    return value.port() == 0 ? name : name + "." + std::to_string(value.port());
  }
  Tensor retyped(const Tensor& tensor, const Type& type, std::uint32_t id) const {
    if (tensor.shape() != type.shape)
      throw ShapeError(
          "replay: " +
          std::string(from_.records[id].kind == NodeKind::constant ? "constant" : "parameter") +
          " '" + from_.names.text(id) + "' holds " + to_string(tensor.type()) +
          ", which cannot become " + to_string(type) + ": only inputs can change their shape");
    return tensor.dtype() == type.dtype ? tensor : tensor.cast(type.dtype);
  }

  /// Builders and rules count axes by the rank that they see, so that what they made would be
  /// wrong.
  [[noreturn]] void refuse_rank(std::uint32_t id, std::uint32_t port, const Type& type) const {
    throw ShapeError("replay: '" + Value(from_.share(), id, port).name() + "' is " +
                     to_string(from_.types_of(id)[port]) + " and would become " + to_string(type) +
                     ": sizes can change, but not the number of axes; build the graph anew" +
                     dagrad::made_at(from_.where(id)));
  }

  const GraphData& from_;
  Rewritten result_;
  GraphData& to_;
  std::vector<std::uint32_t> node_;  ///< old to new
  std::unordered_map<Key, Edge, KeyHash> cut_, instead_;
  std::vector<Edge> edges_;
};

/// Copies everything, each leaf with the type that `type_of` gives it.
template <class F>
Rewritten copy(const Graph& graph, F&& type_of) {
  Copier copier(graph.data());
  const GraphData& from = copier.from();
  for (std::uint32_t id = 0; id < from.size(); ++id) {
    if (from.records[id].kind == NodeKind::op)
      copier.node(id, from.ops[from.records[id].op].op);
    else
      copier.leaf(id, type_of(id, from.types_of(id)[0]));
  }
  return std::move(copier).take();
}

void check_owner(const GraphData& graph, const Value& value, std::string_view what) {
  if (&value.data() != &graph)
    throw GraphError(std::string(what) + ": the value '" + value.name() +
                     "' belongs to another graph");
}

Rewritten extract(const GraphData& from, std::span<const Value> outputs,
                  std::span<const Value> cut) {
  std::vector<std::vector<bool>> is_cut(from.size());
  for (const Value& value : cut) {
    check_owner(from, value, "extract");
    is_cut[value.node_id()].resize(from.types_of(value.node_id()).size());
    is_cut[value.node_id()][value.port()] = true;
  }
  std::vector<bool> needed(from.size());
  const auto need = [&](std::uint32_t node, std::uint32_t port) {
    if (is_cut[node].empty() || !is_cut[node][port]) needed[node] = true;
  };
  for (const Value& value : outputs) {
    check_owner(from, value, "extract");
    need(value.node_id(), value.port());
  }
  for (std::uint32_t id = from.size(); id-- > 0;)
    if (needed[id])
      for (const Edge& edge : from.operands_of(id)) need(edge.node, edge.port);

  Copier copier(from);
  for (const Value& value : cut) copier.cut(value);
  for (std::uint32_t id = 0; id < from.size(); ++id) {
    if (!needed[id]) continue;
    if (from.records[id].kind == NodeKind::op)
      copier.node(id, from.ops[from.records[id].op].op);
    else
      copier.leaf(id, from.types_of(id)[0]);
  }
  return std::move(copier).take();
}

}  // namespace

}  // namespace detail

Rewritten clone(const Graph& graph) {
  return detail::copy(graph, [](std::uint32_t, const Type& type) { return type; });
}

Rewritten replay(const Graph& graph, std::span<const Retyped> types) {
  std::unordered_map<std::uint32_t, Type> asked;
  for (const Retyped& retyped : types) {
    detail::check_owner(graph.data(), retyped.leaf, "replay");
    if (retyped.leaf.node().kind() == NodeKind::op)
      throw GraphError("replay: '" + retyped.leaf.name() +
                       "' is computed; only inputs, parameters and constants can be given a type");
    if (!asked.emplace(retyped.leaf.node_id(), retyped.type).second)
      throw ArgumentError("replay: '" + retyped.leaf.name() + "' is given a type twice");
  }
  return detail::copy(graph, [&](std::uint32_t id, const Type& type) {
    const auto at = asked.find(id);
    return at == asked.end() ? type : at->second;
  });
}

Rewritten replay(const Graph& graph, DType from, DType to) {
  const detail::GraphData& old = graph.data();
  detail::Copier copier(old);
  std::unordered_map<std::uint32_t, Op> known;  // by op
  for (std::uint32_t id = 0; id < old.size(); ++id) {
    const Type type = old.types_of(id)[0];
    if (old.records[id].kind != NodeKind::op) {
      copier.leaf(id, {type.dtype == from ? to : type.dtype, type.shape});
      continue;
    }
    const Op& op = old.ops[old.records[id].op].op;
    const auto operands = old.operands_of(id);
    const bool takes_floats =
        std::any_of(operands.begin(), operands.end(), [&](const detail::Edge& edge) {
          return !edge.type_only && is_float(old.types_of(edge.node)[edge.port].dtype);
        });
    if (takes_floats) {
      const auto [at, is_new] = known.try_emplace(old.records[id].op);
      if (is_new) at->second = op->retyped(from, to);
      copier.node(id, at->second ? at->second : op);
    } else {
      copier.node(id, op);
    }
    copier.cast_results(id, from, to);
  }
  return std::move(copier).take();
}

Rewritten extract(const Graph& graph, std::span<const Value> outputs, std::span<const Value> cut) {
  return detail::extract(graph.data(), outputs, cut);
}
Rewritten extract(std::span<const Value> outputs, std::span<const Value> cut) {
  if (outputs.empty()) throw ArgumentError("extract: needs an output to know the graph");
  return detail::extract(outputs.front().data(), outputs, cut);
}

Rewritten replace(const Graph& graph, std::span<const Replacement> replacements) {
  const detail::GraphData& from = graph.data();
  detail::Copier copier(from);
  for (const Replacement& r : replacements) {
    detail::check_owner(graph.data(), r.from, "replace");
    detail::check_owner(graph.data(), r.to, "replace");
    if (r.from.type() != r.to.type())
      throw TypeError("replace: '" + r.from.name() + "' is " + to_string(r.from.type()) + ", '" +
                      r.to.name() + "' is " + to_string(r.to.type()));
    copier.redirect(r.from, r.to);
  }
  // A replacement may be younger than the users that now read it: nodes wait for their operands on
  // a stack of their own.
  std::vector<std::uint32_t> open;
  std::vector<bool> entered(from.size());
  for (std::uint32_t root = 0; root < from.size(); ++root) {
    open.push_back(root);
    while (!open.empty()) {
      const std::uint32_t id = open.back();
      if (copier.has(id)) {
        open.pop_back();
        continue;
      }
      if (from.records[id].kind != NodeKind::op) {
        copier.leaf(id, from.types_of(id)[0]);
        continue;
      }
      const std::size_t waiting = open.size();
      for (const detail::Edge& edge : from.operands_of(id))
        if (const std::uint32_t operand = copier.source(edge); !copier.has(operand))
          open.push_back(operand);
      if (open.size() == waiting) {
        copier.node(id, from.ops[from.records[id].op].op);
        continue;
      }
      if (entered[id])
        throw GraphError("replace: a replacement depends on what it replaces, by way of '" +
                         graph.node(id).name() + "'");
      entered[id] = true;
    }
  }
  return std::move(copier).take();
}

}  // namespace dagrad
