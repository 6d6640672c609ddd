// What rules are applied to and what they leave alone, and rules of users.

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad::test {
namespace {

/// The ops that compute the value after these rules.
std::vector<std::string> ops_after(const std::vector<Rule>& rules, const Graph& graph,
                                   const Value& value) {
  const PassResult result = apply_rules(graph, std::span(&value, 1), rules);
  const std::vector<Value> kept{result.mapping(value)};
  std::vector<std::string> ops;
  const Rewritten needed = extract(kept);
  for (const Node& node : needed.graph.nodes()) ops.emplace_back(node.op().name());
  return ops;
}

/// The names of the rules that simplify the value.
std::vector<std::string> simplified_by(const Graph& graph, const Value& value) {
  std::vector<std::string> names;
  for (const RuleCount& count : apply_rules(graph, std::span(&value, 1), simplifying_rules()).rules)
    names.push_back(count.rule);
  return names;
}

using Names = std::vector<std::string>;

TEST(Rules, AddingZeroKeepsTheSignOfZero) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), n = graph.input("n", {i32, {2}});
  EXPECT_EQ(simplified_by(graph, x + 0.0), Names{});
  EXPECT_EQ(simplified_by(graph, x - -0.0), Names{});
  EXPECT_EQ(simplified_by(graph, x + -0.0), Names{"x + -0"});
  EXPECT_EQ(simplified_by(graph, n + 0), Names{"x + -0"});
}

TEST(Rules, TimesZeroStaysForFloats) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  EXPECT_EQ(simplified_by(graph, x * 0), Names{});
}

TEST(Rules, KeepTheTwoRoundingsOfNarrowRoots) {
  Graph graph;
  for (const DType narrow : {f16, bf16}) {
    const Value x = graph.input(std::string(name(narrow)), {narrow, {}});
    EXPECT_EQ(simplified_by(graph, reciprocal(sqrt(x))), Names{});
    EXPECT_EQ(simplified_by(graph, 1 / sqrt(x)), Names{"1 / x"});
  }
  const Value x = graph.input("x", {f32, {}});
  EXPECT_EQ(simplified_by(graph, reciprocal(sqrt(x))), Names{"1 / sqrt(x)"});
}

TEST(Rules, KeepTheShape) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = x * ones(graph, {f64, {3}});
  const PassResult result = apply_rules(graph, std::vector{y}, simplifying_rules());
  EXPECT_TRUE(result.rules.empty());
  EXPECT_EQ(result.mapping(y).shape(), Shape({3}));
}

TEST(Rules, MoveNarrowElementsRatherThanTheirCasts) {
  Graph graph;
  const Value mask = graph.input("mask", {b8, {3, 4}}), wide = graph.input("wide", {f64, {3, 4}});
  const Value rows = graph.constant({2, 0});
  const auto last_op = [&](const Value& value) {
    const PassResult made = apply_rules(graph, {&value, 1}, simplifying_rules());
    return std::string(made.mapping(value).node().op().name());
  };
  const Value cast_mask = cast(mask, f64);
  for (const Value& moved :
       {take(cast_mask, rows, 0), transpose(cast_mask), reshape(cast_mask, {12}), cast_mask[0],
        pad(cast_mask, {1, 0}, {0, 2}), unsqueeze(cast_mask, 0), cast_mask[{{1, 3}}]})
    EXPECT_EQ(last_op(moved), "cast") << moved.node().op().name();
  EXPECT_EQ(last_op(pad(cast_mask, {1, 0}, {0, 2}, 3)), "pad");
  EXPECT_EQ(last_op(transpose(cast(wide, f32))), "transpose");
  EXPECT_EQ(last_op(cumsum(cast_mask, 0)), "cumsum");
}

TEST(Rules, SumRepeatedElementsByMultiplying) {
  Graph graph;
  const Value v = graph.input("v", {f64, {3}}), row = graph.input("row", {f64, {1, 3}}),
              column = graph.input("column", {f64, {4, 1}}), x = graph.input("x", {f64, {4, 3}}),
              stack = graph.input("stack", {f64, {2, 4, 3}});
  const auto expect_no_sum_in = [&](const Value& y) {
    const std::vector<Value> kept{y, v, row, column, x, stack};
    const PassResult made = apply_rules(graph, kept, simplifying_rules());
    const Value better = made.mapping(y);
    const std::string left = to_string(made.graph);
    for (const char* op : {"= sum(", "= mean(", "= sum_to_like("})
      EXPECT_EQ(left.find(op), std::string::npos) << left;
    ASSERT_EQ(better.type(), y.type());
    Feeds feeds;
    Rng rng(0);
    for (const Value& input : std::span(kept).subspan(1))
      feeds.emplace_back(input.name(), rng.normal(input.shape(), 0, 1));
    const Tensor before = compile(y, {.passes = {}})(feeds)[0],
                 after = compile(better, {.passes = {}})(feeds)[0];
    for (std::int64_t i = 0; i < before.size(); ++i)
      EXPECT_NEAR(after.at(i), before.at(i), 1e-14 * std::abs(after.at(i))) << left;
  };
  for (const bool keep_dims : {false, true})
    for (const bool means : {false, true}) {
      const auto reduced = [&](const Value& y, const Axes& axes) {
        expect_no_sum_in(means ? mean(y, axes, keep_dims) : sum(y, axes, keep_dims));
      };
      reduced(broadcast_to(v, {4, 3}), 0);
      reduced(broadcast_to(row, {4, 3}), -2);
      reduced(broadcast_like(row, x), 0);
      reduced(broadcast_like(column, stack), {0, 2});
      reduced(broadcast_to(v, {5, 1, 4, 3}), {0, 1, 2});
      reduced(broadcast_to(v, {5, 4, 3}), 1);
      reduced(batch_like(x, stack), 0);
    }
  expect_no_sum_in(sum_to_like(broadcast_like(v, x), v));
  expect_no_sum_in(sum_to_like(broadcast_like(v, stack), row));
  expect_no_sum_in(sum_to_like(broadcast_to(column, {2, 4, 3}), column));
  expect_no_sum_in(sum_to_like(broadcast_to(v, {2, 4, 3}), x));
}

TEST(Rules, LeaveOtherSumsOfRepeatedElementsAlone) {
  Graph graph;
  const Value v = graph.input("v", {f64, {5}}), half = graph.input("half", {f16, {5}}),
              none = graph.input("none", {f64, {0, 5}}), n = graph.input("n", {i64, {5}});
  const Value rows = broadcast_to(v, {4, 5});
  for (const Value& y : {sum(rows, 1), sum(rows), mean(rows), sum(broadcast_to(half, {4, 5}), 0),
                         sum(broadcast_to(n, {4, 5}), 0), sum(broadcast_like(v, none), 0),
                         sum_to_like(broadcast_like(v, none), v), sum(broadcast_to(v, {1, 5}), 0)})
    EXPECT_EQ(simplified_by(graph, y), Names{}) << to_string(extract(std::vector{y}).graph);
  // Their order matters if sums overflow.
  const Feeds large{{"v", Tensor::of({-0.8e308, -0.8e308, 1.2e308, -1.7e308, 1.7e308})}};
  EXPECT_TRUE(std::isfinite(evaluate(sum(rows), large).at(0)));
  EXPECT_FALSE(std::isfinite(evaluate(sum(v) * 4, large).at(0)));
}

TEST(Rules, TakeTheMeanOfRepeatedElementsInAnyDtype) {
  Graph graph;
  const Value x = graph.input("x", {f16, {3}});
  EXPECT_EQ(ops_after(simplifying_rules(), graph, mean(broadcast_to(x, {4, 3}), 0)),
            Names{"input"});
}

TEST(Rules, OfUsersAreEquationsOrFunctions) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), y = graph.input("y", {f64, {2}});
  const std::vector<Rule> rules{
      {"sin² + cos²", [](Value a) { return square(sin(a)) + square(cos(a)); },
       [](Value a) { return ones_like(a); }},
      Rule::for_op<Tan>("tan of atan", [](const RuleSite& at) {
        return made_by<Atan>(at.in()) ? operand_of(at.in()) : Value();
      })};
  EXPECT_EQ(ops_after(rules, graph, square(cos(x)) + square(sin(x))),
            (Names{"input", "full_like"}));
  EXPECT_EQ(ops_after(rules, graph, tan(atan(y))), Names{"input"});
  const Value c = square(cos(x)), s = square(sin(y));
  EXPECT_EQ(ops_after(rules, graph, c + s),
            (Names{"input", "input", "cos", "square", "sin", "square", "add"}));
}

TEST(Rules, ThatUndoEachOtherComeToAnEnd) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const std::vector<Rule> rules{
      {"neg to sub", [](Value a) { return -a; }, [](Value a) { return zeros_like(a) - a; }},
      {"sub to neg", [](Value a) { return 0 - a; }, [](Value a) { return -a; }}};
  const Value y = -x;
  const PassResult result = apply_rules(graph, std::vector{y}, rules);
  EXPECT_EQ(evaluate(result.mapping(y), {{"x", Tensor::of({1.0, 2.0})}}).at(1), -2);
}

TEST(Rules, RefuseALeftSideWithoutAnOp) {
  EXPECT_THROW(Rule(
                   "x", [](Value x) { return x; }, [](Value x) { return x; }),
               ArgumentError);
}

TEST(Rules, LookThroughWhatRepeatsAConstant) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  const Value one =
      reshape(broadcast_to(graph.constant(Tensor::of({1.0, 1.0, 1.0})), {2, 3}), {2, 3});
  EXPECT_EQ(known_fill(one), 1);
  EXPECT_EQ(known_fill(graph.constant(Tensor::of({1.0, 2.0}))), std::nullopt);
  EXPECT_EQ(known_fill(graph.constant(Tensor::of({0.0, -0.0}))), std::nullopt);
  EXPECT_EQ(known_fill(graph.constant(Tensor::full({f64, {0}}, 1))), std::nullopt);
  EXPECT_EQ(known_fill(x), std::nullopt);
  EXPECT_EQ(simplified_by(graph, x * one).front(), "x * 1");
}

/// Ops of a user that have the names of built-in ones.
struct OtherAbs {
  static constexpr auto name = "abs";
  template <class T>
  T operator()(T x) const {
    return x + 1;
  }
};
struct OtherMatmul {
  static constexpr auto name = "matmul";
  static constexpr no_grad grad{"only for tests"};
  template <class T>
  T operator()(T x, T y) const {
    return x - y;
  }
};

TEST(Rules, LeaveOpsAloneThatOnlyHaveTheNameOfAnother) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 2}});
  const Value y = apply(OtherMatmul{}, {transpose(apply(OtherAbs{}, {abs(x)})), x});
  const Tensor data = Tensor({2, 2}, {1.0, -2.0, 3.0, 4.0});
  EXPECT_EQ(evaluate(y, {{x, data}}).to_vector<double>(), (std::vector<double>{1, 6, 0, 1}));
}

TEST(ApplyRules, AlsoLooksAtTheNodesOfAReplacement) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const std::vector<Rule> rules{
      {"sin", [](Value a) { return sin(a); }, [](Value a) { return exp(cos(cos(a))); }},
      {"cos twice", [](Value a) { return cos(cos(a)); }, [](Value a) { return tan(a); }},
      {"exp of tan", [](Value a) { return exp(tan(a)); }, [](Value a) { return atan(a); }}};
  const Value y = sin(x) * 2;
  const PassResult made = apply_rules(graph, std::vector{y}, rules);
  EXPECT_EQ(made.graph.size(), 4u);
  EXPECT_EQ(made.mapping(y).node().operands()[0].node().op().name(), "atan");
  EXPECT_EQ(made.rules.size(), 3u);
  const Value stable = stabilize(y, rules);
  EXPECT_EQ(stable.node().operands()[0].node().op().name(), "atan");
}

TEST(ApplyRules, ComesToAnEndWhereRulesUndoEachOther) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const std::vector<Rule> back_and_forth{
      {"sin", [](Value a) { return sin(a); }, [](Value a) { return cos(a); }},
      {"cos", [](Value a) { return cos(a); }, [](Value a) { return sin(a); }}};
  const std::vector<Value> y{sin(x)};
  EXPECT_EQ(apply_rules(graph, y, back_and_forth).graph.size(), 2u);
  const std::vector<Rule> growing{
      {"sin", [](Value a) { return sin(a); }, [](Value a) { return sin(a) + sin(a); }}};
  EXPECT_LT(apply_rules(graph, y, growing).graph.size(), 300u);
  EXPECT_LT(stabilize(y, growing).front().node_id(), 300u);
}

}  // namespace
}  // namespace dagrad::test
