#include <algorithm>

#include "dagrad/apply.hpp"
#include "src/graph/rewriting.hpp"
#include "src/passes/changes.hpp"
#include "src/passes/rule_table.hpp"

namespace dagrad {

namespace {

using detail::GraphData, detail::OperandFilter, detail::RuleTable;

/// The rules for the nodes of a graph.
class RulesOfNodes {
 public:
  RulesOfNodes(const GraphData& graph, RuleTable& rules)
      : graph_(graph), rules_(rules), of_op_(graph.ops.size(), nullptr) {}

  /// Whether one of them may apply to the node if these are its operands.
  bool may_apply(std::uint32_t node, std::span<const detail::Edge> operands,
                 OperandFilter& filter) {
    if (graph_.types_of(node).size() != 1) return false;
    const RuleTable::Candidates*& rules = of_op_[graph_.records[node].op];
    if (rules == nullptr) rules = &rules_.candidates(graph_.ops[graph_.records[node].op].op);
    return rules_.may_apply(*rules, operands, graph_.types_of(node)[0], filter);
  }

 private:
  const GraphData& graph_;
  RuleTable& rules_;
  std::vector<const RuleTable::Candidates*> of_op_;  ///< by index in the graph
};

/// A rewrite that replaces the nodes to which rules apply.
class Replacing {
 public:
  Replacing(const GraphData& from, RuleTable& rules)
      : from_(from),
        rules_(rules),
        rules_of_(from, rules),
        rewriting_(from, "apply_rules", detail::Retypes::none),
        filter_(rules.kinds(), detail::Access::data(rewriting_.graph())) {}

  Rewritten run(std::span<const std::uint32_t> nodes) && {
    for (const std::uint32_t node : nodes)
      rewriting_.make_for(node, [&] {
        const Value value = replacement(node);
        value.empty() ? rewriting_.copy(node) : rewriting_.replace(node, {&value, 1});
      });
    return std::move(rewriting_).finish();
  }

 private:
  Value replacement(std::uint32_t node) {
    edges_.clear();
    for (const detail::Edge& edge : from_.operands_of(node))
      edges_.push_back(rewriting_.moved(node, edge));
    if (!rules_of_.may_apply(node, edges_, filter_)) return {};
    const GraphData& to = detail::Access::data(rewriting_.graph());
    operands_.clear();
    for (const detail::Edge& edge : edges_)
      operands_.push_back(detail::Access::value(to.share(), edge.node, edge.port));
    const Op& op = from_.ops[from_.records[node].op].op;
    int left = RuleTable::most_at_one_node;
    return rules_.replacement({op, operands_, from_.types_of(node)[0]}, left);
  }

  const GraphData& from_;
  RuleTable& rules_;
  RulesOfNodes rules_of_;
  detail::Rewriting rewriting_;
  OperandFilter filter_;  ///< of operands in the new graph
  std::vector<detail::Edge> edges_;
  std::vector<Value> operands_;
};

/// Drops what has been replaced.
PassResult without_dead(Rewritten made, std::span<const Value> values) {
  const std::vector<Value> kept = made.mapping(values);
  const GraphData& graph = detail::Access::data(made.graph);
  if (detail::needed(graph, kept, {}, "apply_rules").size() == graph.size()) return made;
  Rewritten needed = extract(made.graph, kept);
  return Rewritten{std::move(needed.graph), made.mapping.then(needed.mapping)};
}

}  // namespace

detail::Change detail::apply_some_rules(const Graph& graph, std::span<const Value> values,
                                        std::span<const Rule> rules) {
  const GraphData& from = Access::data(graph);
  const std::vector<std::uint32_t> nodes = needed(from, values, {}, "apply_rules");
  RuleTable table(rules);
  RulesOfNodes rules_of(from, table);
  OperandFilter filter(table.kinds(), from);
  const bool any = std::ranges::any_of(nodes, [&](std::uint32_t node) {
    if (!rules_of.may_apply(node, from.operands_of(node), filter)) return false;
    const std::vector<Value> operands = Access::node(from.share(), node).operands();
    const Op& op = from.ops[from.records[node].op].op;
    return table.may_apply({op, operands, from.types_of(node)[0]}, filter);
  });
  if (!any) return {};
  Rewritten made = Replacing(from, table).run(nodes);
  std::vector<RuleCount> counts = table.counts();
  if (counts.empty()) return {};
  PassResult result = without_dead(std::move(made), values);
  result.rules = std::move(counts);
  return result;
}

PassResult apply_rules(const Graph& graph, std::span<const Value> values,
                       std::span<const Rule> rules) {
  return detail::or_copy(detail::apply_some_rules(graph, values, rules), graph, values);
}

std::vector<Value> stabilize(std::span<const Value> values, std::span<const Rule> rules,
                             Location where) {
  if (values.empty()) return {};
  for (const Value& value : values) detail::require_same_graph("stabilize", values.front(), value);
  const Building building("stabilize", values, where);
  RuleTable table(rules);
  GraphData& graph = detail::Access::data(values.front());
  detail::Renewal renewal(graph, table);
  for (const std::uint32_t node : detail::needed(graph, values, {}, "stabilize")) {
    int left = RuleTable::most_at_one_node;
    renewal.visit(node, left);
  }
  std::vector<Value> results;
  for (const Value& value : values) results.push_back(renewal.now(value));
  return results;
}

Value stabilize(const Value& value, std::span<const Rule> rules, Location where) {
  return stabilize(std::span(&value, 1), rules, where).front();
}

}  // namespace dagrad
