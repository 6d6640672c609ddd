#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dagrad/detail/segments.hpp"
#include "dagrad/detail/table.hpp"

namespace dagrad {

class Graph;

namespace detail {

/// An operand of a node: result `port` of an earlier node.
struct Edge {
  constexpr Edge() = default;
  constexpr Edge(std::uint32_t from, std::uint32_t result, bool of_type_only)
      : node(from), port(result & 0x7fffffff), type_only(of_type_only) {}
  std::uint32_t node = 0;
  std::uint32_t port : 31 = 0;
  bool type_only : 1 = false;
};

/// All edges of a graph, each stored once and identified by its index, in the order in which they
/// were made. The edges into a node, which are its operands, are contiguous. The edges out of a
/// node form a list from the newest to the oldest, so that the newest nodes can be removed in
/// constant time per edge.
class Edges {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  std::uint32_t nodes() const { return nodes_.size(); }
  std::uint32_t size() const { return operands_.size(); }
  const Edge& operator[](std::uint32_t edge) const { return operands_[edge]; }

  /// The first edge into a node; the first edge into the next node is the end.
  std::uint32_t first_operand(std::size_t node) const {
    return node < nodes_.size() ? nodes_[node].first_operand : size();
  }
  std::span<const Edge> operands(std::size_t node) const {
    return {operands_.data() + nodes_[node].first_operand,
            operands_.data() + first_operand(node + 1)};
  }
  /// The node that an edge leads to.
  std::uint32_t user(std::uint32_t edge) const { return links_[edge].user; }
  /// The newest edge out of a node, and the next older edge out of the same node; `none` if there
  /// is none.
  std::uint32_t last_use(std::size_t node) const { return nodes_[node].last_use; }
  std::uint32_t previous_use(std::uint32_t edge) const { return links_[edge].previous_use; }

  /// Makes room for a node with this many operands, so that `append` cannot fail.
  void make_room(std::size_t operands);
  /// Appends a node. `operands` must not point into this table.
  void append(std::span<const Edge> operands) noexcept;
  /// Removes the newest nodes with their edges until `nodes` are left.
  void truncate(std::uint32_t nodes) noexcept;

 private:
  struct Node {
    std::uint32_t first_operand, last_use;
  };
  struct Link {
    std::uint32_t user, previous_use;
  };
  Table<Node> nodes_;
  Table<Edge> operands_;  ///< read by walks from users to operands
  Segments<Link> links_;  ///< read by walks from operands to users
};

const Edges& edges_of(const Graph& graph);

}  // namespace detail

}  // namespace dagrad
