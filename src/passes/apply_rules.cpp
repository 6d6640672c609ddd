#include <unordered_map>

#include "dagrad/apply.hpp"
#include "dagrad/passes.hpp"
#include "src/graph/rewriting.hpp"
#include "src/graph/view.hpp"
#include "src/passes/rule_table.hpp"

namespace dagrad {

namespace {

constexpr int most_sweeps = 8;

PassResult sweep(const Graph& graph, std::span<const Value> values, detail::RuleTable& rules) {
  const auto visit = [&](Rewriter& rewriter, const Node& node) {
    if (node.kind() != NodeKind::op || !rules.has_rules_for(node.op()) || node.outputs() != 1)
      return;
    const std::vector<Value> operands = rewriter(node.operands());
    const Type type = node.output().type();
    const Value value = rules.replacement({node.op(), operands, type});
    if (!value.empty()) rewriter.replace(value);
  };
  return rewrite(graph, visit, {.outputs = {values.begin(), values.end()}});
}

/// Appends what the values need in a form that the rules prefer.
class Sweep {
 public:
  Sweep(detail::GraphData& data, detail::RuleTable& rules)
      : data_(data), graph_(data), rules_(rules) {}

  std::vector<Value> operator()(std::span<const Value> values) {
    for (const std::uint32_t node : detail::needed(data_, values, {}, "stabilize"))
      if (graph_.kind(node) == NodeKind::op) visit(node);
    std::vector<Value> results;
    for (const Value& value : values) results.push_back(now(value));
    return results;
  }

 private:
  Value now(const Value& value) const {
    const auto at = new_.find(value.node_id());
    return at != new_.end() ? at->second[value.port()] : value;
  }

  void visit(std::uint32_t node) {
    const detail::MadeAs made_as(data_, detail::in_place_of(data_, node));
    const Op op = graph_.op(node);
    std::vector<Value> operands = graph_.value(node).node().operands();
    bool changed = false;
    for (Value& operand : operands) {
      changed = changed || new_.contains(operand.node_id());
      operand = now(operand);
    }
    Value value;
    if (graph_.results(node).size() == 1) {
      const Type type = graph_.results(node)[0];
      value = rules_.replacement({op, operands, type});
    }
    if (!value.empty())
      new_[node] = {value};
    else if (changed && !op.traits().ordered)
      new_[node] = apply(
          op, std::span<const Operand>(std::vector<Operand>(operands.begin(), operands.end())));
  }

  detail::GraphData& data_;
  detail::GraphView graph_;
  detail::RuleTable& rules_;
  std::unordered_map<std::uint32_t, std::vector<Value>> new_;
};

}  // namespace

PassResult apply_rules(const Graph& graph, std::span<const Value> values,
                       std::span<const Rule> rules) {
  detail::RuleTable table(rules);
  PassResult result = sweep(graph, values, table);
  for (int i = 1; i < most_sweeps && table.made_nodes(); ++i) {
    PassResult next = sweep(result.graph, result.mapping(values), table);
    next.mapping = result.mapping.then(next.mapping);
    result = std::move(next);
  }
  result.rules = table.counts();
  if (result.rules.empty()) return result;
  Rewritten needed = extract(result.graph, result.mapping(values));  // without what was replaced
  result.mapping = result.mapping.then(needed.mapping);
  result.graph = std::move(needed.graph);
  return result;
}

std::vector<Value> stabilize(std::span<const Value> values, std::span<const Rule> rules,
                             Location where) {
  std::vector<Value> results(values.begin(), values.end());
  if (results.empty()) return results;
  for (const Value& value : values) detail::require_same_graph("stabilize", values.front(), value);
  const Building building("stabilize", values, where);
  detail::RuleTable table(rules);
  detail::GraphData& data = detail::Access::data(values.front());
  int sweeps = 0;
  do results = Sweep(data, table)(results);
  while (++sweeps < most_sweeps && table.made_nodes());
  return results;
}

Value stabilize(const Value& value, std::span<const Rule> rules, Location where) {
  return stabilize(std::span(&value, 1), rules, where).front();
}

}  // namespace dagrad
