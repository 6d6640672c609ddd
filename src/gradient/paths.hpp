#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/gradient.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// Which nodes and values lie on the ways that a gradient takes from the ys back to the xs. Only
/// the type of an operand, or an operand that its op cuts off, is no way. Results are counted
/// through, as slots.
class Paths {
 public:
  /// Throws GradientError where an x is captured: it leads to a cut operand other than through
  /// those that the rule feeds.
  Paths(const GraphView& graph, std::span<const Seeded> ys, std::span<const Value> xs);

  std::uint32_t first_node() const { return first_node_; }  ///< the oldest x
  std::uint32_t end_node() const {
    return static_cast<std::uint32_t>(on_path_.size());
  }  ///< behind the youngest y
  std::uint32_t slots() const { return first_slot_.back(); }
  std::uint32_t slot(std::uint32_t node, std::uint32_t port) const {
    return first_slot_[node] + port;
  }
  std::uint32_t slot(const Value& value) const { return slot(value.node_id(), value.port()); }

  /// Whether an x leads to one of the node's operands.
  bool on_path(std::uint32_t node) const { return on_path_[node]; }
  /// Whether operand i of the node is an x or an x leads to it, by a way that gradients take.
  bool wanted(std::uint32_t node, std::size_t operand) const;
  /// Whether a y depends on x.
  bool connected(const Value& x) const { return x.node_id() < end_node() && to_y_[slot(x)]; }

 private:
  bool open(std::uint32_t node, std::size_t operand) const;
  void check_captured(std::uint32_t node, std::span<const Value> xs) const;

  GraphView graph_;
  std::uint32_t first_node_ = 0;
  std::vector<std::uint32_t> first_slot_;  ///< by node
  std::vector<bool> on_path_;              ///< by node
  std::vector<bool> is_x_, to_y_;          ///< by slot
};

}  // namespace dagrad::detail
