#include "src/passes/rule_table.hpp"

#include "src/graph/access.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

RuleTable::RuleTable(std::span<const Rule> rules) : rules_(rules), counts_(rules.size()) {}

const std::vector<std::size_t>& RuleTable::candidates(const Op& op) {
  const auto [at, added] = by_op_.try_emplace(op.get());
  if (!added) return at->second;
  ops_.push_back(op);
  if (op.traits().ordered) return at->second;
  for (std::size_t i = 0; i < rules_.size(); ++i)
    if (rules_[i].is_for(op)) at->second.push_back(i);
  return at->second;
}

Value RuleTable::once(const RuleSite& site) {
  if (site.operands.empty()) return {};
  const GraphView graph(Access::data(site.in()));
  const std::uint32_t before = graph.size();
  for (const std::size_t i : candidates(site.op)) {
    Value value = rules_[i](site);
    if (value.empty()) continue;
    ++counts_[i];
    made_nodes_ = made_nodes_ || graph.size() > before + 1;
    return value;
  }
  return {};
}

Value RuleTable::replacement(const RuleSite& site) {
  constexpr int most = 16;  // so that rules that undo each other come to an end
  Value value = once(site);
  for (int i = 0; i < most && !value.empty(); ++i) {
    const Node node = value.node();
    if (node.kind() != NodeKind::op || node.outputs() != 1) break;
    const std::vector<Value> operands = node.operands();
    const Op op = node.op();
    const Type type = value.type();
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
