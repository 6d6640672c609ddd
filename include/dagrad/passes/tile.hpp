#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dagrad/op.hpp"
#include "dagrad/passes.hpp"

namespace dagrad {

namespace detail {
struct TileGraph;
}

/// Joins nodes that work row by row (`OpInterface::row_operands`) and would otherwise pass large
/// values through memory: such a group becomes one node, `Tiled`, which computes all of its nodes
/// for some rows before it goes on to the next, so that the values between them stay in the cache.
/// A group may end in sums of floats over its rows, if these have at least eight chunks
/// (`kernels::RowSum`). Every bit stays the same. Which nodes are joined depends on types alone.
///
/// Values that are used only within a group are not stored, and have no counterpart in the new
/// graph. A joined node knows the nodes that it was made of (`Node::origins`). The new graph is
/// made for the shapes of this one, and cannot be replayed with others. Throws GraphError if a
/// value belongs to another graph.
PassResult tile_rows(const Graph& graph, std::span<const Value> values);

/// An op that holds a part of a graph, as made by `tile_rows`. Each operand either is divided into
/// tiles of rows or is used as a whole by every tile. Each result is divided into tiles or is a sum
/// over all rows. Tiles run in parallel. An op is equal only to its copies.
struct Tiled {
  std::shared_ptr<const detail::TileGraph> tile;

  struct attributes {
    static std::size_t hash(const Tiled& op);
    static bool equal(const Tiled& a, const Tiled& b) { return a.tile == b.tile; }
    /// "nodes", the number of nodes, and "rows", the number of rows in a tile.
    static void visit(const Tiled& op, const AttributeVisitor& visit);
    static bool assign(Tiled&, std::string_view, const Attribute&) { return false; }
  };
  static constexpr auto name = "tiled";
  static constexpr auto doc = "A part of a graph, computed for some rows at a time.";
  static constexpr no_grad grad{"it is made by a pass that runs after differentiation"};

  /// Throws ShapeError or TypeError if an operand differs from those that the op was made for in
  /// anything but the number of rows, which must be the same too if results are sums over them.
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  std::shared_ptr<const void> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
};

}  // namespace dagrad
