#pragma once

#include <cstdint>
#include <vector>

#include "src/passes/fusible.hpp"
#include "src/passes/user_levels.hpp"

namespace dagrad::detail {

/// Finds the groups of elementwise nodes that are computed together, as `FusionGroups` says. Its
/// tables are needed only until the groups are numbered.
class DraftGroups {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  DraftGroups(const GraphData& graph, const FusibleNodes& nodes);

  struct Numbered {
    std::vector<std::uint32_t> group;           ///< by node, or `none`
    std::vector<std::uint32_t> first, members;  ///< by group: where its nodes begin
  };
  /// Numbers the groups of more than one node in the order of their first nodes.
  Numbered numbered() &&;

 private:
  /// A group that may still grow.
  struct Draft {
    std::uint32_t first = none;  ///< the oldest node
    std::int32_t part = 0;
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
  Draft& add_draft(std::uint32_t node);
  void move_to_reader(std::uint32_t root, std::int32_t part);
  void join_neighbours(std::uint32_t node);
  std::uint32_t add_root(std::uint32_t node);
  bool is_large(std::uint32_t node) const;
  bool merge_roots(std::size_t most_operands);
  bool merge_operands(std::uint32_t largest, std::size_t limit, bool large);
  bool add_shape(std::uint32_t& shaped, const Draft& part) const;
  std::uint32_t root(std::uint32_t node);
  Draft& root_draft(std::uint32_t root) { return drafts_[draft_of_[root]]; }

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
};

}  // namespace dagrad::detail
