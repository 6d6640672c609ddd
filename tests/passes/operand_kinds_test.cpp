// Rules are left out quickly where the operands of a node cannot match, and only there.

#include "src/passes/operand_kinds.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "src/graph/access.hpp"
#include "src/passes/changes.hpp"
#include "src/passes/pattern.hpp"
#include "src/passes/rule_table.hpp"
#include "tests/passes/rule_examples.hpp"

namespace dagrad::test {
namespace {

using detail::Edge, detail::OperandFilter, detail::OperandKinds, detail::OperandNeeds,
    detail::RuleTable;

/// The rules that are equations, and what they need.
struct Equations {
  explicit Equations(std::vector<Rule> all) : rules(std::move(all)) {
    std::erase_if(rules, [](const Rule& rule) { return RuleTable::pattern(rule) == nullptr; });
    for (const Rule& rule : rules) needs.push_back(RuleTable::pattern(rule)->needs(kinds));
  }
  std::vector<Rule> rules;
  OperandKinds kinds;
  std::vector<OperandNeeds> needs;
};

/// Tries all rules at all nodes of a graph. Returns how often one matched, and how often one was
/// tried that did not.
std::pair<int, int> tried(const Equations& of, Graph& graph) {
  const detail::GraphData& data = detail::Access::data(graph);
  OperandFilter filter(of.kinds, data);
  int matched = 0, in_vain = 0;
  for (std::uint32_t id = 0, size = data.size(); id < size; ++id) {
    const Node node = graph.node(id);
    if (node.kind() != NodeKind::op || node.outputs() != 1) continue;
    const std::vector<Value> operands = node.operands();
    const Type type = node.output(0).type();
    const auto edges = data.operands_of(id);
    const std::vector<Edge> in(edges.begin(), edges.end());
    for (std::size_t i = 0; i < of.rules.size(); ++i) {
      if (!of.rules[i].is_for(node.op())) continue;
      const bool meets = filter.meets(in, of.needs[i]);
      const bool matches =
          RuleTable::pattern(of.rules[i])->match({node.op(), operands, type}).has_value();
      EXPECT_TRUE(meets || !matches) << of.rules[i].name() << "\n" << graph;
      matched += matches ? 1 : 0;
      in_vain += meets && !matches ? 1 : 0;
    }
  }
  return {matched, in_vain};
}

std::vector<Rule> all_rules() {
  std::vector<Rule> all = simplifying_rules();
  for (Rule& rule : stabilizing_rules()) all.push_back(std::move(rule));
  return all;
}

TEST(OperandKinds, NeverRuleOutARuleThatMatches) {
  const Equations equations(all_rules());
  int matched = 0;
  for (const auto* examples : {&simplifying_examples(), &stabilizing_examples()})
    for (const RuleExample& example : *examples)
      for (const DType dtype : {f32, f64, i32}) {
        Graph graph;
        const Value x = graph.input("x", {dtype, {3}}), y = graph.input("y", {dtype, {3}});
        try {
          example.build(x, y);
        } catch (const Error&) {
          continue;  // not for integers
        }
        matched += tried(equations, graph).first;
      }
  EXPECT_GT(matched, 100);
}

TEST(OperandKinds, FindNumbersAsFarAsTheyAreKnown) {
  const Equations equations({Rule(
      "x * 1", [](Value x) { return x * 1; }, [](Value x) { return x; })});
  Graph graph;
  const Value x = graph.input("x", {f64, {3}}), one = graph.constant(Tensor(1.0));
  const std::vector<Value> known{x * one,
                                 one * x,
                                 x * broadcast_to(one, {3}),
                                 x * reshape(broadcast_to(one, {3, 1}), {3}),
                                 x * ones_like(x),
                                 x * graph.constant(Tensor(Shape{3}, {1.0, 1.0, 1.0}))};
  EXPECT_EQ(tried(equations, graph), std::pair(6, 0));
  const std::vector<Value> unknown{x * 2.0, x * x, x * tanh(x),
                                   x * graph.parameter("p", Tensor(1.0)),
                                   x * graph.constant(Tensor(Shape{3}, {1.0, 1.0, 2.0}))};
  EXPECT_EQ(tried(equations, graph), std::pair(6, 0)) << "nothing is tried in vain";
}

TEST(OperandKinds, MayBeMoreThanThereAreBits) {
  std::vector<Rule> many;
  for (int i = 0; i < 100; ++i)
    many.emplace_back(
        "x * " + std::to_string(i), [i](Value x) { return x * i; }, [](Value x) { return x; });
  const Equations equations(many);
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  std::vector<Value> products;
  for (int i = 0; i < 100; ++i) products.push_back(x * i);
  EXPECT_EQ(tried(equations, graph).first, 100);
}

TEST(OperandKinds, LeaveGraphsAloneWhereNoRuleCanMatch) {
  const std::vector<Rule> rules = all_rules();
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value w = graph.parameter("w", Tensor::full({f64, {3}}, 2.0));
  const Value y = tanh(x * w + w) * sigmoid(x - w);
  EXPECT_FALSE(detail::apply_some_rules(graph, std::vector{y}, rules));
  EXPECT_TRUE(detail::apply_some_rules(graph, std::vector{y * 1.0}, rules));
}

}  // namespace
}  // namespace dagrad::test
