#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dagrad/rewrite.hpp"
#include "src/graph/data.hpp"

namespace dagrad::detail {

/// How a rewrite may change the types of values: not at all, in their dtype and sizes, or also in
/// the number of axes.
enum class Retypes : std::uint8_t { none, sizes, ranks };

/// A rewrite in progress, which makes the nodes of a new graph from those of an old one. The caller
/// decides what happens to each node, and visits operands before the nodes that use them.
class Rewriting {
 public:
  using Visit = std::function<void(Rewriter&, const Node&)>;

  /// `name` appears in errors.
  Rewriting(const GraphData& from, std::string_view name, Retypes retypes);

  /// Lets `visit` decide what becomes of a node.
  void visit(std::uint32_t id, const Visit& visit);
  /// Makes nodes for a node of the old graph; all nodes that `make` appends are recorded as made
  /// from it.
  template <class F>
  void make_for(std::uint32_t id, F&& make) {
    first_made_ = to_.size();
    copied_ = no_node;
    to_.making = making(id);
    const bool lost = to_.making.forward == no_node;
    make();
    finish_nodes(id, lost);
  }
  /// Like `join` within `make_for`, for a node that needs no nodes of its own.
  void join_made(std::uint32_t id, std::uint32_t joint, std::span<const Edge> results) {
    first_made_ = to_.size();
    join(id, joint, results);
  }
  /// Replaces one result of a node with an input.
  void cut(const Value& value);
  /// From now on, turns uses of `from` into uses of `to`, both in the old graph.
  void redirect(const Value& from, const Value& to);
  Rewritten finish() &&;

  // ---- called within make_for to say what becomes of the node

  /// Copies the node, with the new values of its operands.
  void copy(std::uint32_t id);
  void copy(std::uint32_t id, const Op& op, std::span<const Edge> operands);
  /// The same with operands in the new graph.
  void copy(std::uint32_t id, const Op& op, std::span<const Value> operands);
  /// Copies an input, parameter or constant with another type, its tensor converted.
  void copy_leaf(std::uint32_t id, const Type& type);
  /// The same with another tensor; without one for an input.
  void copy_leaf(std::uint32_t id, const Type& type, std::optional<Tensor> tensor);
  void replace(std::uint32_t id, std::span<const Value> results);
  /// Makes the node a part of `joint`, a node of the new graph that computes several old ones: its
  /// result i becomes `results[i]`, which is computed by that node or made from what it computes,
  /// or has no counterpart if the node of this is `no_node`.
  void join(std::uint32_t id, std::uint32_t joint, std::span<const Edge> results);

  bool has(std::uint32_t id) const { return to(id, 0) != nullptr; }
  /// The new value of an operand, if there is one.
  std::optional<Edge> find(const Edge& old) const {
    const Mapping::To* const at = to(old.node, old.port);
    return at == nullptr ? std::nullopt : std::optional(Edge(at->node, at->port, old.type_only));
  }
  /// The new value of an operand of a node, after redirection. Throws GraphError if there is none.
  Edge moved(std::uint32_t user, const Edge& old) const {
    const Edge edge = redirected(old);
    const Mapping::To* const at = to(edge.node, edge.port);
    if (at == nullptr) refuse_dropped(user, edge);
    return {at->node, at->port, edge.type_only};
  }
  /// The old node that an operand refers to, after redirection.
  std::uint32_t source(const Edge& old) const { return redirected(old).node; }
  std::vector<Value> results(std::uint32_t id) const;

  const GraphData& from() const { return from_; }
  std::string_view name() const { return name_; }
  Graph& graph() { return result_.graph; }
  const Mapping& mapping() const { return result_.mapping; }

 private:
  using Key = std::uint64_t;  // node and port of a value
  static Key key(std::uint32_t node, std::uint32_t port) { return Key{node} << 32 | port; }

  Edge redirected(const Edge& old) const {
    if (instead_.empty()) return old;
    const auto at = instead_.find(key(old.node, old.port));
    return at == instead_.end() ? old : Edge{at->second.node, at->second.port, old.type_only};
  }
  [[noreturn]] void refuse_dropped(std::uint32_t user, const Edge& operand) const;
  bool is_cut(std::uint32_t id, std::uint32_t port) const {
    return !cut_.empty() && cut_.contains(key(id, port));
  }
  void copy_alike(std::uint32_t id, std::span<const Edge> operands);
  bool like_before(std::uint32_t id, const Op& op, std::span<const Edge> operands);
  std::uint32_t op_index(std::uint32_t id);
  std::uint32_t type_index(std::uint32_t index);
  /// Null if there is none.
  const Mapping::To* to(std::uint32_t id, std::uint32_t port) const {
    const Mapping& mapping = result_.mapping;
    if (id >= mapping.first_.size() || mapping.first_[id] == Mapping::none) return nullptr;
    const Mapping::To& to = mapping.results_[mapping.first_[id] + port];
    return to.node == Mapping::none ? nullptr : &to;
  }
  void map(std::uint32_t id, std::uint32_t port, const Mapping::To& to);
  void become(std::uint32_t id, std::uint32_t fresh);
  void check_type(std::uint32_t id, std::uint32_t port, const Type& type) const;
  std::string value_name(std::uint32_t id, std::uint32_t port) const;
  Tensor retyped(std::uint32_t id, const Type& type) const;

  Making making(std::uint32_t id) const;
  std::uint32_t forward_of(std::uint32_t id) const;
  std::uint32_t lost_forward(std::uint32_t id);
  void finish_nodes(std::uint32_t id, bool lost_forward_node);
  void keep_ordinal(std::uint32_t id);
  void restore_name(std::uint32_t id, std::uint32_t fresh);
  void take_over_origins();
  void add_origins(std::uint32_t fresh, std::uint32_t id);
  void add_origin(std::uint32_t fresh, const PartedNames::Name& name, const Location& where);
  std::span<const GraphData::OriginOf> old_origins(std::uint32_t id) const {
    if (id + 1 >= first_origin_.size()) return {};
    return {from_.origins_of.data() + first_origin_[id],
            from_.origins_of.data() + first_origin_[id + 1]};
  }

  const GraphData& from_;
  std::string_view name_;
  Retypes retypes_;
  Rewritten result_;
  GraphData& to_;
  PartedNames::Reader old_names_, new_names_;
  std::uint32_t first_made_ = 0;            ///< first node made for the one being visited
  std::uint32_t copied_ = no_node;          ///< the copy of that node, once there is one
  std::vector<std::uint32_t> ops_, types_;  ///< old index to new index
  /// Old node to index in `provenances`.
  std::unordered_map<std::uint32_t, std::uint32_t> lost_forwards_;
  std::unordered_map<Key, Edge> instead_;
  std::unordered_set<Key> cut_;
  /// By old node, up to the last that has any: where its origins begin.
  std::vector<std::uint32_t> first_origin_;
  std::vector<bool> has_origins_;  ///< by new node
  std::vector<Edge> edges_;
};

/// Makes the graph again with other types of leaves; errors begin with `name`.
Rewritten replay(const GraphData& from, std::span<const Retyped> types, std::string_view name);

/// Throws GraphError unless the value belongs to the graph.
void check_owner(const GraphData& graph, const Value& value, std::string_view what);
/// The nodes that the outputs need, not counting what only cut values need, in the order of their
/// ids.
std::vector<std::uint32_t> needed(const GraphData& graph, std::span<const Value> outputs,
                                  std::span<const Value> cut, std::string_view what);

}  // namespace dagrad::detail
