#include "dagrad/passes/tile.hpp"

#include <utility>

#include "src/graph/rewriting.hpp"
#include "src/passes/changes.hpp"
#include "src/passes/joint_nodes.hpp"
#include "src/passes/tile_graph.hpp"
#include "src/passes/tile_groups.hpp"

namespace dagrad {

namespace {

using detail::Edge, detail::GraphData, detail::JointNodes, detail::JointOp, detail::RowNodes,
    detail::TileGraph, detail::TileGroups;

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
      if (type_only && nodes_.sums_rows(node)) continue;
      const Value value = old_value(edge);
      if (inner_.mapping().find(value)) continue;
      inner_.cut(value);
      (type_only ? tile_.types : tile_.operands)
          .push_back({inner_.mapping()(value), nodes_.reads_by_row(node, i)});
      if (!type_only) joint_.operands.push_back({edge, &from_.type(edge).shape});
    }
  }

  void copy(std::uint32_t node) {
    if (nodes_.sums_rows(node)) return;
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
      tile_.results.push_back(result(joint_.results.back()));
    }
  }

  TileGraph::Result result(const Edge& edge) {
    if (!nodes_.sums_rows(edge.node)) return {inner_.mapping()(old_value(edge)), std::nullopt};
    return {inner_.mapping()(old_value(from_.operands_of(edge.node)[0])),
            nodes_.summed_axes(edge.node), from_.type(edge)};
  }

  const GraphData& from_;
  const RowNodes& nodes_;
  const TileGroups& groups_;
  const std::uint32_t group_;
  detail::Rewriting inner_;
  TileGraph tile_;
  JointOp joint_;
};

/// The groups of nodes that are computed tile by tile.
class TiledNodes final : public JointNodes {
 public:
  TiledNodes(const GraphData& graph, std::span<const Value> values)
      : graph_(graph), nodes_(graph, values), groups_(graph, nodes_) {}

  /// Whether there is any group.
  bool any() const { return groups_.any(); }

  std::span<const std::uint32_t> nodes() const override { return nodes_.nodes(); }
  bool is_ordered(std::uint32_t node) const override { return nodes_.is_ordered(node); }
  bool is_kept(std::uint32_t node) const override { return groups_.is_needed(node); }
  std::uint32_t group_of(std::uint32_t node) const override { return groups_.of(node); }
  std::span<const std::uint32_t> members(std::uint32_t group) const override {
    return groups_.members(group);
  }
  std::optional<JointOp> joint_op(std::uint32_t group) override {
    return TileBuilder(graph_, nodes_, groups_, group).build();
  }

 private:
  const GraphData& graph_;
  const RowNodes nodes_;
  const TileGroups groups_;
};

}  // namespace

detail::Change detail::tile_groups(const Graph& graph, std::span<const Value> values) {
  const GraphData& from = Access::data(graph);
  if (!RowNodes::have_large_values(from)) return {};
  TiledNodes nodes(from, values);
  return nodes.any() ? Change(join_nodes(from, "tile_rows", nodes)) : Change();
}

PassResult tile_rows(const Graph& graph, std::span<const Value> values) {
  return detail::or_copy(detail::tile_groups(graph, values), graph, values);
}

}  // namespace dagrad
