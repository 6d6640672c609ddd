#include "dagrad/gradient.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "dagrad/compile.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/graph/test_ops.hpp"
#include "tests/sanitized.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;
using test::message;

/// An op with two results, whose rule counts what it is asked for.
struct SumAndDifference {
  static constexpr auto name = "sum_and_difference";
  static constexpr DTypes dtypes = float_dtypes;
  template <class T>
  std::array<T, 2> operator()(T a, T b) const {
    return {a + b, a - b};
  }
};

/// An op with two results, whose rule asks for its cotangents as values.
struct Both {
  static constexpr auto name = "both";
  static constexpr std::size_t operands = 1;
  std::array<Type, 2> infer(std::span<const Type> in) const { return {in[0], in[0]}; }
  void eval(const EvalContext&) const {}
  Grads grad(const GradContext& g) const {
    if (g.douts[1].is_zero()) return {*g.douts[0].value()};
    return {g.dout_or_zeros(0) + g.dout_or_zeros(1)};
  }
};

/// An op whose rule returns what a member tells.
struct Faulty {
  std::int64_t fault = 0;
  using attributes = dagrad::attributes<&Faulty::fault>;
  static constexpr auto name = "faulty";
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {}
  Grads grad(const GradContext& g) const {
    if (fault == 0) return {};
    if (fault == 1) return {cast(g.dout, f32)};
    if (fault == 2) return {not_differentiable{"a test says so"}};
    return {sum_to_like(
        g.dout, g.in[0].node().op().get() ? Operand(zeros_like(g.in[0])) : Operand(g.in[0]))};
  }
};

class Gradients : public testing::Test {
 protected:
  Graph graph;
  Value x = graph.input("x", {f64, {}});
  Value v = graph.input("v", {f64, {3}});
};

TEST_F(Gradients, OfYItselfIsTheSeed) {
  const Value dx = gradient(x, x);
  EXPECT_EQ(dx.type(), x.type());
  EXPECT_EQ(dx.node().op().name(), "full_like");
  const Value seed = graph.input("seed", {f64, {3}});
  EXPECT_EQ(gradient(v, v, {.seed = seed}), seed);
}

TEST_F(Gradients, SumsUsesInOneNode) {
  const Value y = x * x + x * 2.0 + exp(x);
  const Value dx = gradient(y, x);
  EXPECT_EQ(dx.node().op().name(), "add_n");
  EXPECT_EQ(dx.node().operands().size(), 4U);  // two uses in x * x, one in x * 2, one in exp
}

TEST_F(Gradients, AreSummedOverBroadcastAxes) {
  const Value y = v * x;
  const Value seed = ones_like(y);
  const auto grads = gradient(y, {x, v}, {.seed = seed});
  EXPECT_EQ(grads[0].type(), x.type());
  EXPECT_EQ(grads[0].node().op().name(), "sum_to_like");
  EXPECT_TRUE(grads[0].node().type_only(1));
  EXPECT_EQ(grads[1].type(), v.type());
}

TEST_F(Gradients, OfInnerNodesGoNoFurther) {
  const Value inner = exp(x), y = inner * inner;
  const std::size_t before = graph.size();
  const Value d = gradient(y, inner);
  EXPECT_EQ(d.type(), inner.type());
  for (std::uint32_t id = static_cast<std::uint32_t>(before); id < graph.size(); ++id)
    EXPECT_NE(graph.node(id).op().name(), "exp_grad");
  const auto both = gradient(y, {inner, x});  // goes further for x; both share a sum
  EXPECT_EQ(both[1].node().op().name(), "exp_grad");
}

TEST_F(Gradients, SeveralYsAreSummed) {
  const Seeded ys[] = {{exp(x)}, {sin(x)}, {x}, {x}};
  const Value dx = gradient(ys, {&x, 1})[0];
  EXPECT_EQ(dx.node().op().name(), "add_n");
  EXPECT_EQ(dx.node().operands().size(), 4U);
}

TEST_F(Gradients, CanBeTakenAgain) {
  Value y = tanh(x) * x;
  for (int order = 1; order <= 3; ++order) {
    y = gradient(y, x);
    EXPECT_EQ(y.type(), x.type()) << order;
  }
  EXPECT_EQ(y.node().gradient_order(), 3);
}

TEST_F(Gradients, KnowTheirForwardNode) {
  Value y;
  {
    const Scope scope = graph.scope("layer");
    y = exp(x).named("e");
  }
  const Value dx = gradient(y, x);
  const Node node = dx.node();
  EXPECT_EQ(node.name(), "layer/exp_grad");
  ASSERT_TRUE(node.provenance());
  EXPECT_EQ(node.provenance()->node, "layer/e");
  EXPECT_EQ(node.provenance()->scope, "layer");
  EXPECT_EQ(node.provenance()->where.line, y.node().where().line);
  EXPECT_EQ(*node.forward_node(), y.node_id());
  EXPECT_FALSE(y.node().provenance());
}

TEST_F(Gradients, ProvenanceOutlivesRewrites) {
  const Value y = exp(x), dx = gradient(y, x);
  const Rewritten copy = clone(graph);
  EXPECT_EQ(copy.mapping(dx).node().provenance()->node, "exp");
  const Value outputs[] = {dx}, cuts[] = {y};
  const Rewritten part = extract(graph, outputs, cuts);  // without the forward node
  EXPECT_EQ(part.mapping(dx).node().provenance()->node, "exp");
  EXPECT_FALSE(part.mapping(dx).node().forward_node());
}

TEST_F(Gradients, MultipleResultsGetTheirCotangents) {
  const auto [sum, difference] = apply(SumAndDifference{}, {x, 2.0 * x});
  EXPECT_EQ(gradient(sum, x).type(), x.type());
  EXPECT_EQ(gradient(sum * difference, x).type(), x.type());
}

TEST_F(Gradients, NotConnectedIsAnErrorOrZeros) {
  const Value other = graph.parameter("w", Tensor(1.0));
  const std::size_t before = graph.size();
  const Value y = exp(x);
  EXPECT_EQ(mistake<GradientError>([&] { (void)gradient(y, other); }),
            "gradient: y 'exp' does not depend on x 'w': no path connects them; with "
            "Unconnected::zeros, the gradient is zeros");
  EXPECT_EQ(graph.size(), before + 1);
  const Value zeros = gradient(y, other, {.unconnected = Unconnected::zeros});
  EXPECT_EQ(zeros.node().op().name(), "full_like");
  EXPECT_THROW((void)gradient(y, exp(y)), GradientError);  // newer than y
}

TEST_F(Gradients, TypeOnlyOperandsConnectNothing) {
  const Value y = gradient(zeros_like(x) * exp(x), x);
  EXPECT_EQ(y.type(), x.type());
  EXPECT_THROW((void)gradient(zeros_like(x), x), GradientError);
}

TEST_F(Gradients, ThroughJumpsIsZero) {
  for (const Value& y : {floor(x), where(x > 0, Operand(1.0), Operand(2.0)), stop_gradient(x),
                         cast(cast(x, i64), f64)}) {
    const Value dx = gradient(y, x);
    EXPECT_EQ(dx.node().op().name(), "full_like") << y.name();
  }
}

TEST_F(Gradients, OfIntegersAreRefused) {
  const Value i = graph.input("i", {i64, {}});
  EXPECT_EQ(mistake<GradientError>([&] { (void)gradient(x * i, i); }),
            "gradient: x 'i', int64[], is not a float: only floats have gradients");
  EXPECT_EQ(mistake<GradientError>([&] { (void)gradient(i, x); }),
            "gradient: y 'i', int64[], is not a float: only floats have gradients");
  EXPECT_EQ(gradient(x * i, x).type(), x.type());
}

TEST_F(Gradients, OfAVectorNeedsASeed) {
  EXPECT_EQ(mistake<GradientError>([&] { (void)gradient(exp(v), v); }),
            "gradient: y 'exp', float64[3], is not a scalar: give a seed of its type, or take "
            "the gradient of its sum");
  EXPECT_EQ(mistake<GradientError>([&] { (void)gradient(exp(v), v, {.seed = x}); }),
            "gradient: the seed 'x', float64[], does not have the type of y 'exp_1', float64[3]");
}

TEST_F(Gradients, OfAnotherGraphAreRefused) {
  Graph other;
  const Value y = other.input("y", {f64, {}});
  EXPECT_EQ(mistake<GraphError>([&] { (void)gradient(exp(x), y); }),
            "gradient: 'y' belongs to another graph than 'exp'");
  EXPECT_THROW((void)gradient(std::span<const Seeded>{}, {&x, 1}), ArgumentError);
}

TEST_F(Gradients, FaultyRulesAreNamedAndAppendNothing) {
  for (std::int64_t fault = 0; fault < 3; ++fault) {
    const Value y = apply(Faulty{fault}, {x});
    const std::size_t before = graph.size();
    const std::string text = message<GradientError>([&] { (void)gradient(exp(y), x); });
    const char* wants[] = {
        "the rule of 'faulty' returned 0 gradients for 1 operands",
        "the rule of 'faulty' returned float32[] for operand 0, which is float64[]",
        "'faulty' is not differentiable in operand 0, 'x': a test says so"};
    EXPECT_TRUE(text.starts_with(wants[fault])) << text;
    EXPECT_NE(text.find("gradient_test.cpp"), text.npos) << text;
    EXPECT_EQ(graph.size(), before + 1);  // only the exp, no node of the gradient
  }
}

TEST_F(Gradients, RulesMayReturnOtherShapesOnlyIfTheOpBroadcasts) {
  const Value y = apply(Faulty{3}, {v});
  EXPECT_EQ(gradient(y, v, {.seed = ones_like(y)}).type(), v.type());
}

TEST_F(Gradients, OfVeryDeepGraphs) {
  Value y = x;
  for (int i = 0; i < deep; ++i) y = neg(y);
  const std::size_t before = graph.size();
  const Value dx = gradient(y, x);
  EXPECT_EQ(dx.type(), x.type());
  EXPECT_EQ(graph.size(), before + deep + 1);  // one node for each, and the seed
}

TEST_F(Gradients, OfManyDiamondsAreLinear) {
  Value y = x;
  for (int i = 0; i < 60; ++i) y = sin(y) + cos(y);
  const std::size_t before = graph.size();
  (void)gradient(y, x);
  EXPECT_LT(graph.size() - before, 60U * 4);
}

TEST_F(Gradients, OfVeryWideGraphs) {
  std::vector<Value> leaves;
  for (int i = 0; i < 10'000; ++i) leaves.push_back(neg(x));
  const Value dx = gradient(add_n(leaves), x);
  EXPECT_EQ(dx.type(), x.type());
}

TEST_F(Gradients, AreReplayableAtOtherShapes) {
  const Value y = v * x, dv = gradient(y, v, {.seed = ones_like(y)}),
              dx = gradient(y, x, {.seed = ones_like(y)});
  const Retyped types[] = {{v, {f64, {5}}}};
  const Rewritten other = replay(graph, types);
  EXPECT_EQ(other.mapping(dv).shape(), Shape{5});
  EXPECT_EQ(other.mapping(dx).shape(), Shape{});
}

TEST_F(Gradients, CountTheOrderOfNodesOnThePath) {
  const Value dv = gradient(sum(exp(v) * v), v), y = sum(dv);
  EXPECT_EQ(dv.node().gradient_order(), 1);
  EXPECT_EQ(y.node().gradient_order(), 0);
  EXPECT_EQ(gradient(y, v).node().gradient_order(), 2);
  EXPECT_EQ(gradient(sum(gradient(y, v)) * x, v).node().gradient_order(), 3);
  // Nodes beside the path or before the x do not count.
  EXPECT_EQ(gradient(y * x, x).node().gradient_order(), 1);
  EXPECT_EQ(gradient(sum(sin(dv)), dv).node().gradient_order(), 1);
  EXPECT_EQ(gradient(x * x, {x, y}, {.unconnected = Unconnected::zeros})[0].node().gradient_order(),
            1);
}

TEST_F(Gradients, AreSummedIfAReplayCouldBroadcast) {
  const Value w = graph.input("w", {f64, {3}}), y = sum(v * w);
  const Value dw = gradient(y, w);
  EXPECT_EQ(dw.node().op().name(), "sum_to_like");
  EXPECT_EQ(compile({dw}).nodes(),
            compile({dw.node().operands()[0]}).nodes());  // the sum is not a step
}

TEST_F(Gradients, AreNotSummedIfShapesCannotDiffer) {
  const Value scale = graph.parameter("scale", Tensor(2.0));
  const Value u = v * 2.0 * scale * x;  // scalars stay scalars
  const Value y = sum(u * v + tanh(u) * exp(v));
  (void)gradient(gradient(y, v), v, {.seed = ones_like(v)});
  for (const Node& node : graph.nodes()) EXPECT_NE(node.op().name(), "sum_to_like") << node;
  const Value a = graph.parameter("a", Tensor(Shape{2}, {1.0, 2.0}));
  const Value b = graph.parameter("b", Tensor(Shape{2}, {1.0, 2.0}));
  EXPECT_NE(gradient(sum(a * b), a).node().op().name(), "sum_to_like");  // nor do parameters
}

// Shapes that may differ in a replay are identified by the inputs they come from. Here each sum
// contains the two before it, so searching all paths through them would take for ever.
TEST_F(Gradients, OfManyInputsThatMayBroadcastAreBuiltInLinearTime) {
  Value a = graph.input("a", {f64, {3}}), b = graph.input("b", {f64, {3}});
  for (int i = 0; i < 200; ++i) {
    const Value c = a + b + graph.input("c" + std::to_string(i), {f64, {3}});
    a = std::exchange(b, c);
  }
  EXPECT_EQ(gradient(sum(b), v, {.unconnected = Unconnected::zeros}).type(), v.type());
  EXPECT_EQ(gradient(sum(b), graph.at("a")).type(), a.type());
}

TEST_F(Gradients, OfOnePartOfManyAppendNothingForTheOthers) {
  constexpr std::int64_t parts = 500;
  const Value whole = graph.input("whole", {f64, {parts, 3}});
  const std::vector<Value> rows = unstack(whole), halves = split(whole, {200, 300});
  const auto appended = [&](const Value& y) {
    const std::size_t before = graph.size();
    EXPECT_EQ(gradient(sum(y), whole).type(), whole.type());
    return graph.size() - before;
  };
  EXPECT_LE(appended(rows[7]), 6U);
  EXPECT_LE(appended(rows[7] + rows[400]), 9U);
  EXPECT_LE(appended(halves[1]), 5U);
  const Value joined = concat(rows);  // its rule splits again, and one part is used
  const Value part = gradient(sum(square(joined)), rows[0]);
  EXPECT_LE(appended(part), 20U + 2 * parts);  // one for each part that leads to `whole`
  const Value d = gradient(sum(rows[1] * rows[498]), whole);
  const Tensor values = evaluate(
      d, {{"whole", Tensor(Shape{parts, 3}, std::vector<double>(std::size_t{3 * parts}, 2.0))}});
  for (std::int64_t at = 0; at < values.size(); ++at)
    EXPECT_EQ(values.at(at), at / 3 == 1 || at / 3 == 498 ? 2.0 : 0.0);
}

TEST_F(Gradients, MakeZerosOnlyIfARuleAsks) {
  const auto [first, second] = apply(Both{}, {v});
  const auto zeros = [&] {
    const std::vector<Node> nodes = graph.nodes();
    return std::count_if(nodes.begin(), nodes.end(),
                         [](const Node& node) { return node.op().name() == "full_like"; });
  };
  const Value seed = graph.input("seed", v.type());
  EXPECT_EQ(gradient(first, v, {.seed = seed}), seed);
  EXPECT_EQ(zeros(), 0);
  EXPECT_EQ(gradient(second, v, {.seed = seed}).type(), v.type());
  EXPECT_EQ(zeros(), 1);
}

/// The time of one gradient in seconds, the fastest of several.
double seconds(const Value& y, const Value& x) {
  double best = 1;
  for (int i = 0; i < 50; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    (void)gradient(y, x);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
  }
  return best;
}

TEST_F(Gradients, CostAsMuchAsTheNodesOnThePath) {
  const Value early = exp(x) * x;
  const double alone = seconds(early, x);
  Value chain = x;
  for (int i = 0; i < 50'000; ++i) chain = neg(chain);
  const Value u = graph.input("u", {f64, {}});
  EXPECT_LT(seconds(exp(u) * u, u), 20 * alone);  // after other nodes
  EXPECT_LT(seconds(exp(x) * x, x), 20 * alone);  // x before other nodes, y after them
  EXPECT_LT(seconds(u * chain, u), 20 * alone);   // y computed from other nodes, x after them
}

TEST_F(Gradients, CountResultsAndOperandsBeyond16Bits) {
  constexpr std::int64_t many = 70'000;
  const Value long_one = graph.input("long", {f64, {many}});
  const std::vector<Value> elements = unstack(long_one);
  std::vector<double> numbers(many);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
  const Feeds feeds{{"long", Tensor(Shape{many}, numbers)}};
  EXPECT_EQ(evaluate(elements[69'999], feeds).item<double>(), 69'999);
  const Value part = elements[69'999].node().operands()[0];
  EXPECT_EQ(part.name(), "split:69999");
  EXPECT_EQ(graph.at(part.name()), part);
  const Tensor d = evaluate(gradient(square(elements[69'999]), long_one), feeds);
  EXPECT_EQ(d.at(4463), 0);
  EXPECT_EQ(d.at(69'999), 2 * 69'999);
  const Tensor all = evaluate(gradient(sum(square(stack(elements))), long_one), feeds);
  EXPECT_EQ(all.at(69'999), 2 * 69'999);
  const Rewritten copy = clone(graph);
  EXPECT_EQ(evaluate(copy.mapping(elements[69'999]), feeds).item<double>(), 69'999);
}

}  // namespace
