#include "src/passes/rule_table.hpp"

#include <algorithm>

#include "dagrad/apply.hpp"
#include "src/graph/data.hpp"
#include "src/passes/pattern.hpp"

namespace dagrad::detail {

RuleTable::RuleTable(std::span<const Rule> rules) : rules_(rules), counts_(rules.size()) {
  for (const Rule& rule : rules) needs_.push_back(needs(rule, kinds_));
}

OperandNeeds RuleTable::needs(const Rule& rule, OperandKinds& kinds) {
  if (const Pattern* const left = pattern(rule)) return left->needs(kinds);
  OperandNeeds needs{.commutes = rule.needs_.either, .same_type = rule.needs_.same_type};
  if (rule.needs_.makes_operand) needs.bits[0] = kinds.bit_of(&rule.needs_.makes_operand);
  return needs;
}

bool RuleTable::may_apply(const Candidates& rules, std::span<const Edge> operands,
                          const Type& result, OperandFilter& filter) const {
  if (rules.empty()) return false;
  filter.look_at(operands, result);
  return std::ranges::any_of(rules, [&](std::size_t rule) { return filter.meets(needs_[rule]); });
}

bool RuleTable::may_apply(const RuleSite& site, const OperandFilter& filter) {
  return std::ranges::any_of(candidates(site.op), [&](std::size_t i) {
    const Pattern* const left = pattern(rules_[i]);
    return filter.meets(needs_[i]) && (left == nullptr || left->match(site));
  });
}

const RuleTable::Candidates& RuleTable::candidates(const Op& op) {
  const auto [at, added] = by_op_.try_emplace(op.get());
  if (!added) return at->second;
  ops_.push_back(op);
  if (op.traits().ordered) return at->second;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (rules_[i].is_for(op)) at->second.push_back(i);
  return at->second;
}

Value RuleTable::once(const RuleSite& site) {
  for (const std::size_t i : candidates(site.op)) {
    Value value = rules_[i](site);
    if (value.empty()) continue;
    ++counts_[i];
    return value;
  }
  return {};
}

Value RuleTable::replacement(const RuleSite& site, int& left) {
  if (left == 0 || site.operands.empty()) return {};
  GraphData& graph = Access::data(site.in());
  const std::uint32_t before = graph.size();
  const Value value = once(site);
  if (value.empty()) return {};
  --left;
  const std::uint32_t after = graph.size();
  Renewal renewal(graph, *this);
  for (std::uint32_t node = before; node < after; ++node) renewal.visit(node, left);
  return renewal.now(value);
}

std::vector<RuleCount> RuleTable::counts() const {
  std::vector<RuleCount> counts;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (counts_[i] > 0) counts.push_back({rules_[i].name(), counts_[i]});
  return counts;
}

Value Renewal::now(const Value& value) const {
  const auto at = new_.find(value.node_id());
  return at != new_.end() ? at->second[value.port()] : value;
}

void Renewal::visit(std::uint32_t node, int& left) {
  if (graph_.records[node].kind != NodeKind::op) return;
  const MadeAs made_as(graph_, in_place_of(graph_, node));
  const Op op = graph_.ops[graph_.records[node].op].op;
  std::vector<Value> operands = Access::node(graph_.share(), node).operands();
  bool changed = false;
  for (Value& operand : operands) {
    changed = changed || new_.contains(operand.node_id());
    operand = now(operand);
  }
  Value value;
  if (graph_.types_of(node).size() == 1) {
    const Type type = graph_.types_of(node)[0];
    value = rules_.replacement({op, operands, type}, left);
  }
  if (!value.empty()) {
    new_[node] = {value};
  } else if (changed && !op.traits().ordered) {
    const std::vector<Operand> all(operands.begin(), operands.end());
    new_[node] = apply(op, std::span<const Operand>(all));
  }
}

}  // namespace dagrad::detail
