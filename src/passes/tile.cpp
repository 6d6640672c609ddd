#include "dagrad/passes/tile.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "dagrad/ops/create.hpp"
#include "src/graph/rewriting.hpp"
#include "src/passes/tile_graph.hpp"
#include "src/passes/tile_groups.hpp"

namespace dagrad {

namespace {

using detail::Edge, detail::GraphData, detail::RowNodes, detail::TileGraph, detail::TileGroups;

/// A group of nodes as one op.
struct JointOp {
  Op op;
  std::vector<Edge> operands, results;  ///< in the old graph
};

/// Makes the op that computes a group of nodes.
class TileBuilder {
 public:
  TileBuilder(const GraphData& from, const RowNodes& nodes, const TileGroups& groups,
              std::uint32_t group)
      : from_(from),
        nodes_(nodes),
        groups_(groups),
        group_(group),
        inner_(from, "tile_rows", detail::Retypes::sizes) {}

  JointOp build() && {
    const auto members = groups_.members(group_);
    for (const std::uint32_t node : members) add_operands(node, false);
    for (const std::uint32_t node : members) add_operands(node, true);
    for (const std::uint32_t node : members) copy(node);
    for (const std::uint32_t node : members) add_results(node);
    tile_.rows = tile_.all_rows = nodes_.rows(members[0]);
    JointOp joint = std::move(joint_);
    Rewritten made = std::move(inner_).finish();
    tile_.graph = std::move(made.graph);
    joint.op = Tiled{
        std::make_shared<const TileGraph>(detail::for_rows(tile_, groups_.tile_rows(group_)))};
    return joint;
  }

 private:
  Value old_value(const Edge& edge) const {
    return detail::Access::value(from_.share(), edge.node, edge.port);
  }

  /// Makes inputs of the values that a node reads from outside, or uses the types of.
  void add_operands(std::uint32_t node, bool type_only) {
    const auto operands = from_.operands_of(node);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const Edge& edge = operands[i];
      if (edge.type_only != type_only || groups_.computes(group_, edge.node)) continue;
      const Value value = old_value(edge);
      if (inner_.mapping().find(value)) continue;
      inner_.cut(value);
      (type_only ? tile_.types : tile_.operands)
          .push_back({inner_.mapping()(value), nodes_.reads_by_row(node, i)});
      if (!type_only) joint_.operands.push_back(edge);
    }
  }

  void copy(std::uint32_t node) {
    std::vector<Value> operands;
    std::vector<Type> in;
    for (const Edge& edge : from_.operands_of(node)) {
      operands.push_back(inner_.mapping()(old_value(edge)));
      in.push_back(from_.type(edge));
    }
    inner_.make_for(node, [&] {
      inner_.copy(node, detail::for_any_rows(from_.ops[from_.records[node].op].op, in), operands);
    });
  }

  void add_results(std::uint32_t node) {
    for (std::uint32_t port = 0; port < from_.types_of(node).size(); ++port) {
      if (groups_.of(node) != group_ || !groups_.is_stored(node, port)) continue;
      joint_.results.push_back({node, port, false});
      tile_.results.push_back(inner_.mapping()(old_value(joint_.results.back())));
    }
  }

  const GraphData& from_;
  const RowNodes& nodes_;
  const TileGroups& groups_;
  const std::uint32_t group_;
  detail::Rewriting inner_;
  TileGraph tile_;
  JointOp joint_;
};

/// Makes the new graph: each node once the nodes that it reads are there, and each group of nodes
/// as one, at the latest in the place of its last node.
class Tiling {
 public:
  Tiling(const GraphData& from, std::span<const Value> values)
      : from_(from),
        nodes_(from, values),
        groups_(from, nodes_),
        rewriting_(from, "tile_rows", detail::Retypes::none),
        done_(nodes_.nodes().empty() ? 0 : nodes_.nodes().back() + 1) {}

  Rewritten run() && {
    std::uint32_t last_ordered = detail::no_node;
    for (const std::uint32_t node : nodes_.nodes()) {
      if (!nodes_.is_ordered(node)) continue;
      if (last_ordered != detail::no_node) previous_ordered_[node] = last_ordered;
      last_ordered = node;
    }
    for (const std::uint32_t node : nodes_.nodes())
      if (is_joined(node) ? node == group_of(node).back() : groups_.is_needed(node)) make(node);
    return std::move(rewriting_).finish();
  }

 private:
  bool is_joined(std::uint32_t node) const { return groups_.of(node) != TileGroups::none; }
  std::span<const std::uint32_t> group_of(std::uint32_t node) const {
    return groups_.members(groups_.of(node));
  }

  /// Makes a node, or its group, after what it reads.
  void make(std::uint32_t node) {
    open_.assign(1, node);
    while (!open_.empty()) {
      const std::uint32_t now = open_.back();
      const std::size_t waiting = open_.size();
      if (!done_[now]) open_operands(now);
      if (open_.size() > waiting) continue;
      open_.pop_back();
      if (!done_[now]) is_joined(now) ? join(groups_.of(now)) : copy(now);
    }
  }

  void open_operands(std::uint32_t node) {
    if (is_joined(node)) {
      for (const std::uint32_t member : group_of(node)) open_operands(member, groups_.of(node));
      return;
    }
    open_operands(node, TileGroups::none);
    if (const auto at = previous_ordered_.find(node);
        at != previous_ordered_.end() && !done_[at->second])
      open_.push_back(at->second);
  }
  /// For a node that is computed by a group, or alone if there is none.
  void open_operands(std::uint32_t node, std::uint32_t group) {
    for (const Edge& edge : from_.operands_of(node))
      if (!edge.type_only && !done_[edge.node] && !groups_.computes(group, edge.node))
        open_.push_back(edge.node);
  }

  void join(std::uint32_t group) {
    const auto members = groups_.members(group);
    const JointOp joint = TileBuilder(from_, nodes_, groups_, group).build();
    std::uint32_t made = detail::no_node;
    // The last node is made first: it gives the joint one its place and its role in a gradient.
    for (auto at = members.rbegin(); at != members.rend(); ++at) {
      if (groups_.of(*at) != group) continue;
      rewriting_.make_for(*at, [&] {
        if (made == detail::no_node) made = append(joint);
        rewriting_.join(*at, made, ports(*at, joint));
      });
      done_[*at] = true;
    }
  }

  std::uint32_t append(const JointOp& joint) {
    std::vector<Edge> operands;
    for (const Edge& edge : joint.operands) operands.push_back(*moved(edge));
    return detail::append_node(detail::Access::data(rewriting_.graph()), joint.op, operands, {});
  }

  /// The results of the joint node that are those of one of its nodes.
  std::span<const std::uint32_t> ports(std::uint32_t node, const JointOp& joint) {
    ports_.assign(from_.types_of(node).size(), detail::no_node);
    for (std::uint32_t i = 0; i < joint.results.size(); ++i)
      if (joint.results[i].node == node) ports_[joint.results[i].port] = i;
    return ports_;
  }

  void copy(std::uint32_t node) {
    rewriting_.make_for(node, [&] {
      if (from_.records[node].kind != NodeKind::op) return rewriting_.copy(node);
      std::vector<Edge> edges;
      for (const Edge& edge : from_.operands_of(node)) {
        const std::optional<Edge> known = moved(edge);
        edges.push_back(known ? *known : stand_in(from_.type(edge)));
      }
      rewriting_.copy(node, from_.ops[from_.records[node].op].op, edges);
    });
    done_[node] = true;
  }

  std::optional<Edge> moved(const Edge& edge) const {
    const auto value =
        rewriting_.mapping().find(detail::Access::value(from_.share(), edge.node, edge.port));
    if (!value) return {};
    return Edge(value->node_id(), value->port(), edge.type_only);
  }

  /// A value of that type, which no step computes: an operand of which only the type is used, and
  /// whose value is not stored.
  Edge stand_in(const Type& type) {
    const auto [at, is_new] = stand_ins_.try_emplace(type, 0);
    if (is_new) at->second = full(rewriting_.graph(), type, 0).node_id();
    return Edge(at->second, 0, true);
  }

  const GraphData& from_;
  const RowNodes nodes_;
  const TileGroups groups_;
  detail::Rewriting rewriting_;
  std::vector<bool> done_;  ///< by node
  std::unordered_map<std::uint32_t, std::uint32_t> previous_ordered_;
  std::unordered_map<Type, std::uint32_t, detail::TypeHash> stand_ins_;
  std::vector<std::uint32_t> open_, ports_;
};

}  // namespace

PassResult tile_rows(const Graph& graph, std::span<const Value> values) {
  return Tiling(detail::Access::data(graph), values).run();
}

}  // namespace dagrad
