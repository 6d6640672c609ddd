#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "dagrad/passes.hpp"

namespace dagrad::detail {

/// Rules by the op they are for, with a count of how often each was applied.
class RuleTable {
 public:
  explicit RuleTable(std::span<const Rule> rules);

  /// Replaces a node, and then the replacement's own node, as long as a rule applies. Returns an
  /// empty Value if none does.
  Value replacement(const RuleSite& site);
  std::size_t applied() const { return applied_; }
  std::vector<RuleCount> counts() const;

 private:
  Value once(const RuleSite& site);
  const std::vector<std::size_t>& candidates(const Op& op);

  std::span<const Rule> rules_;
  std::vector<std::size_t> counts_;
  std::size_t applied_ = 0;
  std::unordered_map<std::string_view, std::vector<std::size_t>> by_name_;
  std::unordered_map<const OpInterface*, const std::vector<std::size_t>*> by_op_;
  std::vector<Op> ops_;  ///< those in by_op_, so that their addresses are not used again
};

}  // namespace dagrad::detail
