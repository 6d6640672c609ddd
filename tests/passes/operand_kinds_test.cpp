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

/// Rules, and what they need.
struct Needy {
  explicit Needy(std::vector<Rule> all) : rules(std::move(all)) {
    for (const Rule& rule : rules) needs.push_back(RuleTable::needs(rule, kinds));
  }
  std::vector<Rule> rules;
  OperandKinds kinds;
  std::vector<OperandNeeds> needs;
};

/// Tries all rules at all nodes of a graph. Returns how often one matched, and how often one was
/// tried that did not.
std::pair<int, int> tried(const Needy& of, Graph& graph) {
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
      filter.look_at(in, type);
      const bool meets = filter.meets(of.needs[i]);
      const RuleSite site{node.op(), operands, type};
      const auto* const left = RuleTable::pattern(of.rules[i]);
      const bool matches =
          left != nullptr ? left->match(site).has_value() : !of.rules[i](site).empty();
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
  const Needy rules(all_rules());
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
        matched += tried(rules, graph).first;
      }
  EXPECT_GT(matched, 100);
}

TEST(OperandKinds, FindNumbersAsFarAsTheyAreKnown) {
  const Needy equations({Rule(
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
  const Needy equations(many);
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

TEST(OperandKinds, LeaveGraphsAloneWhereFunctionsReturnNothing) {
  const std::vector<Rule> rules = all_rules();
  Graph graph;
  const Value x = graph.input("x", {f64, {3, 4}}), w = graph.parameter("w", Tensor(Type{f64, {4}}));
  const std::vector<Value> values{log(2 + sum(exp(x * w), {1})), mean(square(transpose(x))),
                                  cast(reshape(relu(x) + 1.0, {4, 3}), f32),
                                  abs(matmul(x, reshape(w, {4, 1}))),
                                  gradient(unstack(x * w)[1] * w, w, {.seed = w})};
  EXPECT_FALSE(detail::apply_some_rules(graph, values, rules));
  EXPECT_TRUE(detail::apply_some_rules(graph, std::vector{log(1 + sum(exp(x)))}, rules));
  EXPECT_TRUE(
      detail::apply_some_rules(graph, std::vector{reshape(reshape(x, {12}), {4, 3})}, rules));
  EXPECT_TRUE(
      detail::apply_some_rules(graph, std::vector{apply(Matmul{}, {w, transpose(x)})}, rules));
}

TEST(OperandKinds, CallAFunctionOnlyWhereItHasPromisedToAct) {
  int calls = 0;
  const auto counted = [&](const RuleSite&) { return ++calls, Value(); };
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const std::vector<Value> values{tan(atan(x)), tan(x), tan(exp(x)), atan2(x, exp(x))};
  const auto count = [&](Rule rule) {
    calls = 0;
    (void)apply_rules(graph, values, std::vector{std::move(rule)});
    return calls;
  };
  EXPECT_EQ(count(Rule::for_op<Tan>("any", counted)), 3);
  EXPECT_EQ(count(Rule::for_op<Tan>("atan", counted).after<Atan>()), 1);
  EXPECT_EQ(count(Rule::for_op<Tan>("atan or exp", counted).after<Atan, Exp>()), 2);
  EXPECT_EQ(count(Rule::for_op<Atan2>("first", counted).after<Exp>()), 0);
  EXPECT_EQ(count(Rule::for_op<Atan2>("either", counted).after_either<Exp>()), 1);
  EXPECT_EQ(count(Rule::for_op<Tan>("same", counted).if_type_stays()), 3);
  EXPECT_EQ(count(Rule::for_op<Sum>("other", counted).if_type_stays()), 0);
}

}  // namespace
}  // namespace dagrad::test
