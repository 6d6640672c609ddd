#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/gradient.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// The nodes and values on the paths that a gradient takes from the ys back to the xs. Paths do not
/// lead through operands of which only the type is used, or which their op cuts off. Nodes that
/// lead to a y are numbered in the order of their ids, and their results are numbered as slots, so
/// that the cost depends on these nodes and not on the size of the graph.
class Paths {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  /// Throws GradientError if an x is captured, that is, if it leads to a cut operand other than
  /// through the operands for which the rule returns gradients.
  Paths(GraphData& graph, std::span<const Seeded> ys, std::span<const Value> xs);

  const std::vector<std::uint32_t>& nodes() const { return numbers_.nodes(); }  ///< ids, ascending
  std::uint32_t slots() const { return first_slot_.back(); }
  /// The slot of the first result of the node with this number; that of the next number is the end.
  std::uint32_t first_slot(std::size_t number) const { return first_slot_[number]; }
  /// The slot that receives the gradient of an operand, `none` if it is not needed.
  std::uint32_t target(std::size_t number, std::size_t operand) const {
    return targets_[first_target_[number] + operand];
  }
  /// Whether an x leads to one of the node's operands.
  bool on_path(std::size_t number) const { return on_path_[number]; }
  std::uint32_t y_slot(std::size_t i) const { return y_slots_[i]; }
  std::uint32_t x_slot(std::size_t i) const { return x_slots_[i]; }  ///< `none` if not connected
  /// Whether an x leads to the i-th y or is that y.
  bool connected(std::size_t i) const;
  /// The highest order of differentiation of the ys and of what lies between the xs and them.
  int order() const { return order_; }

 private:
  struct Marks {
    /// By number: whether it is an x that the walk from the ys did not reach.
    std::vector<bool> apart;
    std::vector<bool> is_x, reached;  ///< by slot
  };
  std::vector<std::uint32_t> collect(std::span<const Seeded> ys, std::span<const Value> xs);
  void find_targets(Marks& marks);
  bool open(std::uint32_t node, std::size_t operand) const;
  void check_captured(std::uint32_t node, std::span<const Value> xs) const;

  GraphView graph_;
  std::uint32_t oldest_ = none;  ///< the smallest id of the xs; no older node depends on an x
  NodeNumbers numbers_;          ///< valid until another gradient is taken, except `nodes`
  std::size_t operands_ = 0;     ///< total of all nodes
  std::vector<std::uint32_t> first_slot_, first_target_, targets_, y_slots_, x_slots_;
  std::vector<bool> on_path_;  ///< by number
  int order_ = 0;
};

}  // namespace dagrad::detail
