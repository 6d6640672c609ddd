#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/passes/draft_groups.hpp"
#include "src/passes/fusible.hpp"

namespace dagrad::detail {

/// Decides which elementwise nodes are computed together.
///
/// Each node has a level, which is no lower than those of its operands, and higher unless the two
/// fit together. So a path that leaves a group of nodes which have the same level and fit together
/// never returns to it, and groups can be computed one after the other. Levels are at first as low
/// as possible. Then nodes whose users are all of one higher level are raised to it, as are others
/// that thereby lose nothing. A level is divided into parts where a group would become too large. A
/// node that begins a part is moved to that of its first reader, so that it need not be stored. All
/// this takes time in proportion to the number of edges.
///
/// Reshapes are looked through: nodes belong together if what they read does, in whatever shapes.
/// All nodes of a group have as many elements, and those that are not flat have the same shape.
class FusionGroups {
 public:
  static constexpr std::uint32_t none = DraftGroups::none;

  FusionGroups(const GraphData& graph, const FusibleNodes& nodes);

  /// The group that a node belongs to, or `none`. It has at least two nodes.
  std::uint32_t of(std::uint32_t node) const { return group_[node]; }
  /// The nodes of a group, operands first.
  std::span<const std::uint32_t> members(std::uint32_t group) const {
    return {members_.data() + first_[group], members_.data() + first_[group + 1]};
  }
  std::size_t size() const { return first_.size() - 1; }
  /// Whether a result of a node is used outside its group.
  bool is_stored(std::uint32_t node, std::uint32_t port) const {
    return (stored_[node] & result_bit(port)) != 0;
  }

 private:
  void find_stored();
  bool halve_groups();

  const GraphData& graph_;
  const FusibleNodes& nodes_;
  std::vector<std::uint32_t> group_;            ///< by node
  std::vector<std::uint32_t> first_, members_;  ///< by group: where its nodes begin
  std::vector<std::uint32_t> stored_;           ///< by node: a bit for each result
};

}  // namespace dagrad::detail
