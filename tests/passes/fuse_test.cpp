// What `fuse` joins and what it leaves alone.

#include "dagrad/passes/fuse.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "dagrad/dagrad.hpp"
#include "dagrad/traced.hpp"
#include "tests/passes/fused.hpp"

namespace dagrad {
namespace {

TEST(Fuse, JoinsAChainWithOperandsThatBroadcast) {
  Graph graph;
  const Value x = graph.input("x", {f32, {4, 3}}), b = graph.input("b", {f32, {3}});
  const Value s = graph.input("s", {f32, {}});
  const Value y = (tanh(x * s + b) / 2).named("y");
  const PassResult result = fused(graph, {y});
  EXPECT_EQ(ops_of(result.graph), Names{"fused"});
  const Value now = result.mapping(y);
  EXPECT_EQ(now.name(), "y");
  EXPECT_EQ(origins_of(now), (Names{"add", "mul", "tanh", "y"}));
  EXPECT_EQ(now.node().operands().size(), 3u) << "2 is a constant of the formula";
  EXPECT_FALSE(result.mapping.find(x * s)) << "it belongs to a node that was made later";
}

TEST(Fuse, KeepsTheNamesOfWhatItJoinsInLaterRewrites) {
  Graph graph;
  const Value x = graph.input("x", {f32, {4}});
  const auto doubled = [&](const Value& value) {
    const Scope scope = graph.scope("block");
    return exp(exp(value)).named("out" + std::to_string(graph.size()));
  };
  const Value y = tanh(doubled(doubled(x)));
  const Names names{"block/exp", "block/exp_2", "block/out3", "block/out5", "tanh"};
  const PassResult result = fused(graph, {y});
  EXPECT_EQ(origins_of(result.mapping(y)), names);
  const Rewritten copy = clone(result.graph), again = clone(copy.graph);
  EXPECT_EQ(origins_of(again.mapping(copy.mapping(result.mapping(y)))), names);
  const Function f = compile({y}, {.passes = {{"fuse", fuse, true}}});
  Names steps = explain_plan(f).steps.at(0).merged;
  std::sort(steps.begin(), steps.end());
  EXPECT_EQ(steps, names);
}

TEST(Fuse, GivesANodeSeveralResults) {
  Graph graph;
  const Value x = graph.input("x", {f64, {5}});
  const Value a = exp(x), b = a * x, c = b - a, d = sum(b);
  const PassResult result = fused(graph, {a, c, d});
  EXPECT_EQ(ops_of(result.graph), (Names{"fused", "sum"}));
  EXPECT_EQ(result.mapping(a).node(), result.mapping(c).node());
  EXPECT_EQ(result.mapping(a).node().outputs(), 3u) << "b is read by the sum";
}

TEST(Fuse, KeepsGroupsFreeOfCycles) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  const Value e = exp(x);
  const Value y = e / sum(e, -1, true) + e;
  EXPECT_EQ(ops_of(fused(graph, {y}).graph), (Names{"exp", "sum", "fused"}));
}

TEST(Fuse, ComputesValuesWhereTheyAreUsed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3, 3}});
  const Value negative = x < 0;  // is only used at the end
  const Value y = where(negative, matmul(x, x), x);
  const PassResult result = fused(graph, {y});
  EXPECT_EQ(ops_of(result.graph), (Names{"matmul", "fused"}));
}

TEST(Fuse, JoinsNodesThatReadTheSame) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}}), s = graph.input("s", {f64, {}});
  const PassResult result = fused(graph, {exp(x), sin(x)});
  EXPECT_EQ(ops_of(result.graph), Names{"fused"});
  const Value other = graph.input("other", {f64, {3}});
  EXPECT_EQ(ops_of(fused(graph, {exp(x) + s, sin(other) + s}).graph), (Names{"fused", "fused"}))
      << "a scalar is no reason to join";
}

TEST(Fuse, MakesAnOptimisersStepOneNodeForEachParameter) {
  Graph graph;
  const Value x = graph.input("x", {f32, {4, 3}});
  const Value w = graph.parameter("w", counted({f32, {3, 2}}));
  const Value loss = sum(square(matmul(x, w)));
  const std::vector<Value> weights{w};
  const std::vector<Update> step = adamw(weights, gradient(loss, weights), 0.01);
  std::vector<Value> values{loss};
  for (const Update& update : step) {
    values.push_back(update.next);
    values.push_back(update.parameter);
  }
  const PassResult result = fused(graph, values);
  std::size_t of_weights = 0;
  for (const Node& node : result.graph.nodes())
    if (node.kind() == NodeKind::op && node.op().traits().elementwise &&
        node.output().shape() == w.shape())
      ++of_weights;
  EXPECT_EQ(of_weights, 1u) << result.graph;
}

TEST(Fuse, RepeatsFillsInFormulas) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value one = ones_like(x);
  const Value y = x * one + full(graph, {f64, {3}}, 2.5);
  EXPECT_EQ(ops_of(fused(graph, {y}).graph), Names{"fused"});
  EXPECT_EQ(fused(graph, {y}).mapping(y).node().operands().size(), 1u);
  const PassResult also_asked_for = fused(graph, {y, one});
  EXPECT_EQ(ops_of(also_asked_for.graph), (Names{"full_like", "fused"}));
}

TEST(Fuse, RepeatsConstantsOfEqualElementsInFormulas) {
  for (const DType dtype : {f64, f32, DType::float16, i64}) {
    SCOPED_TRACE(name(dtype));
    Graph graph;
    const Value x = graph.input("x", {dtype, {2, 3}}), row = graph.input("row", {dtype, {3}});
    const Value twos = graph.constant(Tensor::full({dtype, {2, 3}}, 2)),
                mixed = graph.constant(Tensor(Shape{3}, {2.0, 2.0, 1.0}).cast(dtype));
    const Value y = maximum(minimum(x, twos), row);
    const PassResult result = fused(graph, {y});
    EXPECT_EQ(ops_of(result.graph), Names{"fused"});
    EXPECT_EQ(result.mapping(y).node().operands().size(), dtype == DType::float16 ? 3u : 2u)
        << "numbers of narrow dtypes are operands";
    const Value z = maximum(minimum(x, mixed), row);
    EXPECT_EQ(fused(graph, {z}).mapping(z).node().operands().size(), 3u);
    // The shape of the result may be that of the constant, and other ops may need the constant.
    (void)fused(graph, {maximum(minimum(row, twos), row), twos, concat({twos, x}, 0)});
  }
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}),
              zeros = graph.constant(Tensor(Shape{2}, {0.0, -0.0})),
              nothing = graph.constant(Tensor(Type{f64, {0}})),
              none = graph.input("none", {f64, {0}});
  const Value y = copysign(exp(x), zeros) + x;
  EXPECT_EQ(fused(graph, {y}).mapping(y).node().operands().size(), 2u) << "-0 is not 0";
  (void)fused(graph, {exp(none * nothing) + none});
}

TEST(Fuse, ComputesFunctionsOfConstantsInTheRun) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}}), two = graph.constant(2.0);
  const Value y = logaddexp(x, two) * two;
  const PassResult result = fused(graph, {y});
  EXPECT_EQ(ops_of(result.graph), Names{"fused"});
  EXPECT_EQ(result.mapping(y).node().operands().size(), 2u);
}

TEST(Fuse, PassesKnownNumbersToFunctions) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  const Value y = sum(tanh(x));
  const PassResult result = fused(graph, {y, gradient(y, x)});
  EXPECT_EQ(ops_of(result.graph), (Names{"fused", "sum"})) << "the cotangent is 1 everywhere";
  const Value one = ones_like(x);
  EXPECT_EQ(ops_of(fused(graph, {matmul(x, transpose((one + one) * 0.5))}).graph),
            (Names{"full_like", "add", "mul", "matmul"}))
      << "other ops need the values themselves";
}

TEST(Fuse, LeavesOutBroadcasts) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}}), row = graph.input("row", {f64, {3}});
  EXPECT_EQ(ops_of(fused(graph, {broadcast_like(row, x) * x}).graph), Names{"fused"});
  // Without another operand of that shape, the formula would have the shape of the row.
  EXPECT_EQ(ops_of(fused(graph, {broadcast_like(row, x) * 2.0}).graph),
            (Names{"broadcast_like", "mul"}));
}

TEST(Fuse, ReplacesValuesOfWhichOnlyTheTypeIsUsed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}}), big = graph.input("big", {f64, {2, 3}});
  const Value inner = x * 2.0;
  const Value y = sin(inner), z = sum_to_like(big, inner);
  const PassResult result = fused(graph, {y, z});
  EXPECT_EQ(ops_of(result.graph), (Names{"fused", "full", "sum_to_like"}));
  EXPECT_EQ(compile(result.mapping(std::vector{y, z}), {.passes = {}}).nodes(), 2u);
  // What is needed for its type alone is not computed.
  const Value unused = cos(x) * x;
  EXPECT_EQ(ops_of(fused(graph, {sum_to_like(big, unused)}).graph), (Names{"full", "sum_to_like"}));
}

/// An op that must keep its place among others of its kind.
struct Note {
  static constexpr auto name = "note";
  static constexpr bool ordered = true;
  static constexpr no_grad grad{"it is only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const { c.out<double>()[0] = c.in<double>(0)[0]; }
  using attributes = dagrad::attributes<>;
};

TEST(Fuse, KeepsTheOrderOfOrderedOps) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value a = x * 2.0;
  const Value first = apply(Note{}, {x}).named("first");
  const Value second = apply(Note{}, {a}).named("second");
  const Value b = first + a;
  const PassResult result = fused(graph, {b, second});
  std::vector<std::string> order;
  for (const Node& node : result.graph.nodes())
    if (node.op().name() == "note") order.push_back(node.name());
  EXPECT_EQ(order, (Names{"first", "second"}));
}

TEST(Fuse, LeavesOpsThatValidateAlone) {
  Graph graph;
  const Value n = graph.input("n", {i32, {2}}), m = graph.input("m", {i32, {2}});
  const Value y = remainder(n + m, m * m + 1) + n;
  EXPECT_EQ(ops_of(fuse(graph, std::vector{y}).graph), (Names{"fused", "remainder", "add"}));
}

/// A user's op with a formula.
struct Bump {
  double height = 1;
  using attributes = dagrad::attributes<&Bump::height>;
  static constexpr auto name = "bump";
  static constexpr auto doc = "height / (1 + x * x).";
  template <class T>
  T operator()(T x) const {
    return height / (1 + x * x);
  }
};

TEST(Fuse, JoinsUsersOps) {
  Graph graph;
  const Value x = graph.input("x", {f32, {7}});
  Value y = x;
  for (int i = 0; i < 5; ++i) y = apply(Bump{0.5 + i}, {y});
  const PassResult result = fused(graph, {y});
  EXPECT_EQ(ops_of(result.graph), Names{"fused"});
  const auto* traced = result.mapping(y).node().op().get_if<Fused>();
  ASSERT_NE(traced, nullptr);
  EXPECT_EQ(traced->recorded->inputs.size(), 1u);
}

TEST(Fuse, RoundsNarrowFloatsAfterEachNode) {
  Graph graph;
  const Value x = graph.input("x", {f16, {9}});
  const Value y = (x * x + x) * x - exp(x);
  EXPECT_EQ(ops_of(fused(graph, {y}).graph), Names{"fused"});
}

TEST(Fuse, AcceptsScalarsAndEmptyShapes) {
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{0, 3}, Shape{3, 0}, Shape{1, 1}}) {
    Graph graph;
    const Value x = graph.input("x", {f64, shape}), s = graph.input("s", {f64, {}});
    EXPECT_EQ(ops_of(fused(graph, {tanh(x * s) + x}).graph), Names{"fused"}) << shape;
  }
}

TEST(Fuse, DividesDeepAndWideGroups) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  Value deep = x;
  for (int i = 0; i < 2000; ++i) deep = tanh(deep) * 1.001;
  std::vector<Value> parts;
  for (int i = 0; i < 300; ++i) parts.push_back(graph.input("in" + std::to_string(i), {f64, {3}}));
  const Value wide = std::accumulate(parts.begin(), parts.end(), x);
  std::vector<Value> many{x};
  for (int i = 0; i < 300; ++i) many.push_back(sin(x + i));
  const PassResult result = fused(graph, {deep, wide});
  EXPECT_LE(ops_of(result.graph).size(), 50u);
  EXPECT_LE(ops_of(fused(graph, many).graph).size(), 60u);
  EXPECT_LE(ops_of(fused(graph, {deep, gradient(sum(deep), x)}).graph).size(), 500u);
  for (const Node& node : result.graph.nodes()) {
    EXPECT_LE(node.operands().size(), 32u);
    EXPECT_LE(node.outputs(), 32u);
  }
}

TEST(Fuse, MakesLargerGroupsOfLargeValues) {
  constexpr std::int64_t large = 1 << 16;
  const auto nodes_of_chain = [](std::int64_t size) {
    Graph graph;
    Value deep = graph.input("x", {f32, {size}});
    for (int i = 0; i < 300; ++i) deep = deep * 1.001 + 0.5;
    return ops_of(fused(graph, {deep}).graph).size();
  };
  EXPECT_EQ(nodes_of_chain(large), 1u);
  EXPECT_GT(nodes_of_chain(large - 1), 1u);
  const auto nodes_of_sum = [](const Shape& shape) {
    Graph graph;
    Value all = graph.input("x", {f32, {4, large / 4}});
    for (int i = 0; i < 40; ++i) all = all + graph.input("in" + std::to_string(i), {f32, shape});
    return ops_of(fused(graph, {all}).graph).size();
  };
  EXPECT_EQ(nodes_of_sum({large / 4}), 1u);
  EXPECT_EQ(nodes_of_sum({4, 1}), 1u);
  EXPECT_EQ(nodes_of_sum({4, large / 4}), 2u) << "24 of them are as many as one loop reads";
}

TEST(Fuse, KeepsMeaningOfFeedsAndGradientRoles) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value y = sum(sin(x) * x);
  const Value g = gradient(y, x);
  const PassResult result = fuse(graph, std::vector{y, g});
  const Function f = compile(result.mapping(std::vector{y, g}), {.passes = {}});
  const Tensor data = Tensor::of({0.5, 1.5, -2.0});
  EXPECT_TRUE(same_bits(f({{x, data}})[1], evaluate(g, {{"x", data}})));
  EXPECT_EQ(result.mapping(g).node().gradient_order(), 1);
}

TEST(Fuse, RefusesValuesOfAnotherGraph) {
  Graph graph, other;
  const Value x = other.input("x", {f64, {}});
  EXPECT_THROW(fuse(graph, std::vector{x}), GraphError);
  EXPECT_EQ(fuse(graph, {}).graph.size(), 0u);
}

}  // namespace
}  // namespace dagrad
