#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "src/passes/row_nodes.hpp"
#include "src/passes/user_levels.hpp"

namespace dagrad::detail {

/// Decides which nodes are computed tile by tile.
///
/// Each node has a level, which is no lower than those of its operands, and higher than those of
/// row-wise operands that it does not fit together with. So a path that leaves nodes which have the
/// same level and fit together never returns to them, and groups of such nodes can be computed one
/// after the other. Levels are at first as low as possible; then nodes are raised to the level of
/// their users where that brings them together. Groups compute cheap nodes again instead of reading
/// their results. All this takes time in proportion to the number of edges.
class TileGroups {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  TileGroups(const GraphData& graph, const RowNodes& nodes);

  /// Whether there is any group.
  bool any() const {
    return std::ranges::any_of(tile_rows_, [](std::int64_t rows) { return rows > 0; });
  }
  /// The group that a node belongs to, or `none`. There are at least two nodes in a group.
  std::uint32_t of(std::uint32_t node) const { return group_[node]; }
  /// The nodes that a group computes, operands first: its own and, before the last of them, some
  /// that are also computed elsewhere.
  std::span<const std::uint32_t> members(std::uint32_t group) const { return members_[group]; }
  bool computes(std::uint32_t group, std::uint32_t node) const {
    return group != none && (group_[node] == group ||
                             std::binary_search(again_[group].begin(), again_[group].end(), node));
  }
  /// How the sums over rows that a group ends in divide these; no rows if there is none.
  const RowNodes::Chunks& chunks(std::uint32_t group) const { return chunks_[group]; }
  /// The number of rows in each of its tiles.
  std::int64_t tile_rows(std::uint32_t group) const { return tile_rows_[group]; }
  /// Whether anything needs a node that has no group.
  bool is_needed(std::uint32_t node) const { return stored_[node] != 0 || nodes_.is_ordered(node); }
  /// Whether a result of a node is used outside its group.
  bool is_stored(std::uint32_t node, std::uint32_t port) const {
    return (stored_[node] & result_bit(port)) != 0;
  }

 private:
  bool joins(std::uint32_t node, std::size_t i) const {
    return nodes_.fit(node, i) && level_[graph_.operands_of(node)[i].node] == level_[node];
  }
  /// By how much the level of a node must exceed that of its operand i.
  std::int32_t distance(std::uint32_t node, std::size_t i) const {
    return !nodes_.is_row_wise(graph_.operands_of(node)[i].node) || nodes_.fit(node, i) ? 0 : 1;
  }

  void find_levels();
  void raise_levels();
  void raise(std::uint32_t node, const UserLevels& users);
  void join();
  void join_sums();
  void number_groups();
  std::uint32_t root(std::uint32_t node);
  void compute_again();
  void store_operands(std::uint32_t node, std::uint32_t group);
  void find_stored();
  void drop_unused();
  void keep_worthwhile();

  const GraphData& graph_;
  const RowNodes& nodes_;
  std::vector<std::int32_t> level_;                  ///< by node
  std::vector<std::uint32_t> parent_;                ///< by node: a forest
  std::vector<std::uint32_t> group_;                 ///< by node
  std::vector<std::vector<std::uint32_t>> members_;  ///< by group
  std::vector<std::vector<std::uint32_t>> again_;    ///< by group: members of other groups
  std::vector<RowNodes::Chunks> chunks_;             ///< by group
  std::vector<std::int64_t> tile_rows_;              ///< by group
  std::vector<std::uint32_t> stored_;                ///< by node: a bit for each result
};

}  // namespace dagrad::detail
