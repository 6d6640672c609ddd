#include "src/passes/rule_table.hpp"

#include "src/graph/access.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

RuleTable::RuleTable(std::span<const Rule> rules) : rules_(rules), counts_(rules.size()) {
  // The list for each op also has the rules for all ops, in the order in which they were given.
  for (const Rule& rule : rules) by_name_[rule.op()];
  by_name_[""];
  for (std::size_t i = 0; i < rules.size(); ++i)
    for (auto& [op, list] : by_name_)
      if (rules[i].op().empty() || rules[i].op() == op) list.push_back(i);
}

const std::vector<std::size_t>& RuleTable::candidates(const Op& op) {
  const auto [at, added] = by_op_.try_emplace(op.get());
  if (added) {
    ops_.push_back(op);
    const auto named = by_name_.find(op.name());
    at->second = named != by_name_.end() ? &named->second : &by_name_[""];
  }
  return *at->second;
}

Value RuleTable::once(const RuleSite& site) {
  if (site.op.traits().ordered) return {};
  for (const std::size_t i : candidates(site.op)) {
    if (Value value = rules_[i](site); !value.empty()) {
      ++counts_[i];
      ++applied_;
      return value;
    }
  }
  return {};
}

Value RuleTable::replacement(const RuleSite& site) {
  constexpr int most = 16;  // so that rules that undo each other come to an end
  Value value = once(site);
  for (int i = 0; i < most && !value.empty(); ++i) {
    const GraphView graph(Access::data(value));
    const std::uint32_t node = value.node_id();
    if (graph.kind(node) != NodeKind::op || graph.results(node).size() != 1) break;
    std::vector<Value> operands;
    for (const Edge& edge : graph.operands(node))
      operands.push_back(graph.value(edge.node, edge.port));
    const Op op = graph.op(node);
    const Type type = graph.results(node)[0];
    Value next = once({op, operands, type});
    if (next.empty()) break;
    value = std::move(next);
  }
  return value;
}

std::vector<RuleCount> RuleTable::counts() const {
  std::vector<RuleCount> counts;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (counts_[i] > 0) counts.push_back({rules_[i].name(), counts_[i]});
  return counts;
}

}  // namespace dagrad::detail
