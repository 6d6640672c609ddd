#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/gradient.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// Which nodes and values lie on the ways that a gradient takes from the ys back to the xs. Only
/// the type of an operand, or an operand that its op cuts off, is no way. The nodes that the ys are
/// reached from are numbered in the order of their ids, and their results are counted through, as
/// slots, so that all costs what these nodes do, however large the graph.
class Paths {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  /// Throws GradientError where an x is captured: it leads to a cut operand other than through
  /// those that the rule feeds.
  Paths(GraphData& graph, std::span<const Seeded> ys, std::span<const Value> xs);

  const std::vector<std::uint32_t>& nodes() const { return numbers_.nodes(); }  ///< ids, ascending
  std::uint32_t slots() const { return first_slot_.back(); }
  /// The slot of result 0 of a node, by number; the next node's is the end.
  std::uint32_t first_slot(std::size_t number) const { return first_slot_[number]; }
  /// The slot that the gradient of an operand goes to, `none` where nobody asks for it.
  std::uint32_t target(std::size_t number, std::size_t operand) const {
    return targets_[first_target_[number] + operand];
  }
  /// Whether an x leads to one of the node's operands.
  bool on_path(std::size_t number) const { return on_path_[number]; }
  std::uint32_t y_slot(std::size_t i) const { return y_slots_[i]; }
  std::uint32_t x_slot(std::size_t i) const { return x_slots_[i]; }  ///< `none`: not connected
  /// The highest order of differentiation of the ys and of what lies between the xs and them.
  int order() const { return order_; }

 private:
  struct Marks {
    std::vector<bool> apart;          ///< by number: an x without a way to a y through its operands
    std::vector<bool> is_x, reached;  ///< by slot
  };
  std::vector<std::uint32_t> collect(std::span<const Seeded> ys, std::span<const Value> xs);
  void find_targets(Marks& marks);
  bool open(std::uint32_t node, std::size_t operand) const;
  void check_captured(std::uint32_t node, std::span<const Value> xs) const;

  GraphView graph_;
  std::uint32_t oldest_ = none;  ///< of the xs; nothing before it leads to an x from there
  NodeNumbers numbers_;          ///< good until another gradient is taken, but for `nodes`
  std::size_t operands_ = 0;     ///< of all nodes
  std::vector<std::uint32_t> first_slot_, first_target_, targets_, y_slots_, x_slots_;
  std::vector<bool> on_path_;  ///< by number
  int order_ = 0;
};

}  // namespace dagrad::detail
