#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "src/passes/fusible.hpp"
#include "src/passes/user_levels.hpp"

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
  static constexpr std::uint32_t none = 0xffffffff;

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
  /// A group that may still grow.
  struct Draft {
    std::uint32_t first = none;  ///< the oldest node
    std::int32_t level = 0, part = 0;
    std::uint32_t weight = 0, results = 0;
    std::uint32_t shaped = none;  ///< a node that is not flat, if there is any
    /// Whether it may be moved to a later part: it is one node, and none of its level reads it yet.
    bool may_move = true;
    std::vector<std::uint64_t> operands;  ///< values that it reads, each once

    /// Forgets everything, but keeps the memory.
    void reset() {
      operands.clear();
      *this = Draft{.operands = std::move(operands)};
    }
  };

  std::int32_t distance(std::uint32_t operand, std::uint32_t user) const {
    return nodes_.fit(operand, user) ? 0 : 1;
  }
  bool joins(std::uint32_t operand, std::uint32_t user) const {
    return nodes_.fit(operand, user) && level_[operand] == level_[user];
  }

  void find_levels();
  void raise_levels();
  void raise(std::uint32_t node, const UserLevels& users);
  void count_results();
  void join(std::uint32_t node);
  void add_draft(std::uint32_t node);
  void move_to_reader(std::uint32_t node, std::int32_t part);
  void join_neighbours(std::uint32_t node);
  void add_root(std::uint32_t node);
  bool is_large(std::uint32_t node) const;
  bool merge_roots(std::size_t most_operands);
  bool merge_operands(std::uint32_t largest, std::size_t limit, bool large);
  bool add_shape(Draft& merged, const Draft& part) const;
  std::uint32_t root(std::uint32_t node);
  Draft& draft(std::uint32_t node) { return root_draft(root(node)); }
  Draft& root_draft(std::uint32_t root) { return drafts_[draft_of_[root]]; }
  void number_groups();
  void find_stored();
  bool halve_groups();

  const GraphData& graph_;
  const FusibleNodes& nodes_;
  std::vector<std::int32_t> level_;      ///< by node
  std::vector<std::uint32_t> results_;   ///< by node: how many are used beyond its level
  std::vector<std::uint32_t> parent_;    ///< by node: a forest, the roots of which are in `drafts_`
  std::vector<std::uint32_t> reader_;    ///< by node: the last one seen to read it
  std::vector<std::uint32_t> draft_of_;  ///< by root
  std::vector<Draft> drafts_;
  std::vector<std::uint64_t> more_;   ///< operands that a merged group gets from its parts
  std::vector<std::uint32_t> spare_;  ///< positions in `drafts_` that are free
  std::vector<std::uint32_t> roots_;  ///< of groups that are to be merged
  std::vector<std::uint32_t> group_;  ///< by node
  std::vector<std::uint32_t> first_, members_;  ///< by group: where its nodes begin
  std::vector<std::uint32_t> stored_;           ///< by node: a bit for each result
};

}  // namespace dagrad::detail
