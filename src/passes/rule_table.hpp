#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "dagrad/passes.hpp"
#include "src/passes/operand_kinds.hpp"

namespace dagrad::detail {

/// Rules by the op they are for, with a count of how often each was applied.
class RuleTable {
 public:
  /// How often rules are applied to a node and what replaces it, so that rules which undo each
  /// other come to an end.
  static constexpr int most_at_one_node = 64;

  explicit RuleTable(std::span<const Rule> rules);

  /// The left side of a rule; null for a function.
  static const Pattern* pattern(const Rule& rule) { return rule.pattern_.get(); }

  /// What a rule needs of the operands of a node.
  static OperandNeeds needs(const Rule& rule, OperandKinds& kinds);

  /// The rules for an op, as positions in the table.
  using Candidates = std::vector<std::size_t>;
  const Candidates& candidates(const Op& op);
  /// What filters of operands must tell apart.
  const OperandKinds& kinds() const { return kinds_; }
  /// Whether one of the rules for a node may apply, judging by its operands and the type of its
  /// result. Takes no notice of how operands are made further back, nor of what functions look at
  /// beyond their promises.
  bool may_apply(const Candidates& rules, std::span<const Edge> operands, const Type& result,
                 OperandFilter& filter) const;
  /// The same for a node that the filter looks at, but compares all of it with the equations.
  bool may_apply(const RuleSite& site, const OperandFilter& filter);
  /// Replaces a node, and the nodes of the replacement, as long as a rule applies. Returns an empty
  /// Value if none does. Decreases `left` with each application.
  Value replacement(const RuleSite& site, int& left);
  std::vector<RuleCount> counts() const;

 private:
  Value once(const RuleSite& site);

  std::span<const Rule> rules_;
  std::vector<std::size_t> counts_;
  OperandKinds kinds_;
  std::vector<OperandNeeds> needs_;  ///< of each rule
  std::unordered_map<const OpInterface*, Candidates> by_op_;
  std::vector<Op> ops_;  ///< those in by_op_, so that their addresses are not used again
};

/// Appends nodes of a graph once more where rules prefer another form of them.
class Renewal {
 public:
  Renewal(GraphData& graph, RuleTable& rules) : graph_(graph), rules_(rules) {}

  /// Looks at a node after those of its operands. `left` is as in RuleTable::replacement.
  void visit(std::uint32_t node, int& left);
  /// What has taken the place of a value, or the value itself.
  Value now(const Value& value) const;

 private:
  GraphData& graph_;
  RuleTable& rules_;
  std::unordered_map<std::uint32_t, std::vector<Value>> new_;
};

}  // namespace dagrad::detail
