// `fuse` looks through reshapes.

#include <gtest/gtest.h>

#include <cstring>

#include "tests/passes/count.hpp"
#include "tests/passes/fused.hpp"

namespace dagrad {
namespace {

TEST(FuseReshapes, LooksThroughReshapes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  const Value y = tanh(reshape(reshape(exp(x), {3, 2}), {6}) * 2.0);
  const PassResult result = fused(graph, {y});
  EXPECT_EQ(ops_of(result.graph), (Names{"reshape", "fused"}));
  EXPECT_EQ(origins_of(result.mapping(y)), (Names{"exp", "mul", "tanh"}));
  EXPECT_EQ(compile(result.mapping(y), {.passes = {}}).nodes(), 1u) << "reshapes take no step";
}

TEST(FuseReshapes, GivesResultsTheShapesTheyHad) {
  Graph graph;
  const Value x = graph.input("x", {f32, {2, 3}});
  const Value e = exp(x).named("e"), r = reshape(e, {3, 2}).named("r");
  const Value y = sin(r), z = matmul(y, e);
  const PassResult result = fused(graph, {e, r, z});
  EXPECT_EQ(count(result.graph, "fused"), 1u) << result.graph;
  EXPECT_EQ(result.mapping(e).name(), "e");
  EXPECT_EQ(result.mapping(r).name(), "r");
  EXPECT_EQ(compile(result.mapping(std::vector{e, r, z}), {.passes = {}}).nodes(), 2u);
}

TEST(FuseReshapes, JoinsReshapedNodesOnlyIfTheirOperandsBroadcastToOneShape) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  const Value b = graph.input("b", {f64, {3}}), c = graph.input("c", {f64, {2}});
  const Value s = graph.input("s", {f64, {1, 1, 1}});
  const auto steps = [&](const std::vector<Value>& values) {
    return count(fused(graph, values).graph, "fused");
  };
  const Value wide = reshape(exp(x + b), {3, 2}), tall = square(wide) + c;
  EXPECT_EQ(steps({reshape(wide, {6}) * reshape(x, {6})}), 1u) << "only x + b repeats an operand";
  EXPECT_EQ(steps({sin(tall)}), 2u) << "b is repeated along other axes than c";
  EXPECT_EQ(steps({sin(tall), reshape(x + b, {1, 6}) - reshape(tall, {6}), cos(tall) * c}), 2u);
  EXPECT_EQ(steps({reshape(exp(x), {1, 2, 3}) * s}), 1u) << "single elements fit any shape";
  // One value in two shapes, each repeated along another axis.
  const Value v = reshape(c, {2, 1}) * reshape(c, {1, 2});
  EXPECT_EQ(ops_of(fused(graph, {exp(v) - v}).graph), (Names{"reshape", "reshape", "fused"}));
}

TEST(FuseReshapes, KeepsGroupsWithReshapesFreeOfCycles) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  const Value e = exp(x), flat = reshape(e, {6});
  const Value y = reshape(flat / sum(flat), {2, 3}) + sin(e);
  EXPECT_EQ(compile(fused(graph, {y}).mapping(y), {.passes = {}}).nodes(), 3u);
  const Value z = reshape(matmul(reshape(flat, {3, 2}), e), {9});
  EXPECT_EQ(compile(fused(graph, {z, square(flat)}).mapping(z), {.passes = {}}).nodes(), 2u);
}

TEST(FuseReshapes, LooksThroughReshapesOfScalarsAndEmptyShapes) {
  const std::vector<std::pair<Shape, Shape>> shapes{
      {{}, {1}}, {{1, 1}, {}}, {{1}, {1, 1, 1}}, {{0}, {3, 0}}, {{0, 3}, {5, 0}}, {{2, 0}, {0}}};
  for (const auto& [from, to] : shapes) {
    Graph graph;
    const Value x = graph.input("x", {f64, from}), s = graph.input("s", {f64, {}});
    const Value y = reshape(exp(x) + s, to) * s;
    const PassResult result = fused(graph, {y, reshape(y, from) - x});
    EXPECT_EQ(count(result.graph, "fused"), 1u) << from << " to " << to << "\n" << result.graph;
  }
}

TEST(FuseReshapes, LooksThroughReshapesOfKnownNumbers) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}});
  const Value y = x * reshape(ones_like(full(graph, {f64, {2, 2}}, 3)), {4}) + 1.0;
  EXPECT_EQ(ops_of(fused(graph, {y}).graph), Names{"fused"});
}

TEST(FuseReshapes, LooksThroughReshapesOfAnyDtype) {
  Graph graph;
  const Value x = graph.input("x", {f16, {2, 2}}), n = graph.input("n", {i32, {4}});
  const Value mask = reshape(n > 0, {2, 2});
  const Value y = where(mask, x * x, -x) * cast(reshape(n, {2, 2}), f16);
  EXPECT_EQ(count(fused(graph, {y, mask}).graph, "fused"), 1u);
}

TEST(FuseReshapes, ReplacesReshapesOfWhichOnlyTheTypeIsUsed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}}), big = graph.input("big", {f64, {4, 6}});
  const Value flat = reshape(exp(x), {6});
  const Value y = sin(flat), z = sum_to_like(big, flat);
  const PassResult result = fused(graph, {y, z});
  EXPECT_EQ(compile(result.mapping(std::vector{y, z}), {.passes = {}}).nodes(), 2u);
}

TEST(FuseReshapes, DividesDeepGroupsWithReshapes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  Value deep = x;
  std::vector<Value> values;
  for (int i = 0; i < 2000; ++i) {
    deep = reshape(tanh(deep) * 1.001, i % 2 == 0 ? Shape{6} : Shape{3, 2});
    if (i % 50 == 0) values.push_back(deep);
  }
  values.push_back(deep);
  EXPECT_LE(compile(fused(graph, values).mapping(values), {.passes = {}}).nodes(), 40u);
}

/// A user's reshape that must keep its place among ordered ops.
struct OrderedRow {
  static constexpr auto name = "ordered_row";
  static constexpr bool ordered = true;
  static constexpr int alias = 0;
  static constexpr no_grad grad{"it is only for tests"};
  Type infer(std::span<const Type> in) const { return {in[0].dtype, {in[0].shape.elements()}}; }
  void eval(const EvalContext& c) const {
    std::memcpy(c.outs[0].data, c.ins[0].data, c.outs[0].type.bytes());
  }
  using attributes = dagrad::attributes<>;
};

TEST(FuseReshapes, DoesNotLookThroughOrderedReshapes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 2}});
  const Value y = sin(apply(OrderedRow{}, {x * 2.0})) * 2.0;
  EXPECT_EQ(ops_of(fused(graph, {y}).graph), (Names{"mul", "ordered_row", "fused"}));
}

}  // namespace
}  // namespace dagrad
