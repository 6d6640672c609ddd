#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dagrad/passes.hpp"

namespace dagrad::detail {

/// Rules by the op they are for, with a count of how often each was applied.
class RuleTable {
 public:
  explicit RuleTable(std::span<const Rule> rules);

  /// Whether any rule is for this op.
  bool has_rules_for(const Op& op) { return !candidates(op).empty(); }
  /// Replaces a node, and then the replacement's own node, as long as a rule applies. Returns an
  /// empty Value if none does.
  Value replacement(const RuleSite& site);
  /// Whether a replacement since the last call has made nodes besides the one that it returned, so
  /// that no rule has been tried on them.
  bool made_nodes() { return std::exchange(made_nodes_, false); }
  std::vector<RuleCount> counts() const;

 private:
  Value once(const RuleSite& site);
  const std::vector<std::size_t>& candidates(const Op& op);

  std::span<const Rule> rules_;
  std::vector<std::size_t> counts_;
  bool made_nodes_ = false;
  std::unordered_map<const OpInterface*, std::vector<std::size_t>> by_op_;
  std::vector<Op> ops_;  ///< those in by_op_, so that their addresses are not used again
};

}  // namespace dagrad::detail
