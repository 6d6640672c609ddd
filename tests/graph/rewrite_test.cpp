#include <gtest/gtest.h>

#include "tests/graph/test_ops.hpp"

namespace {

using namespace test;

struct Model {
  Graph graph;
  Value x, w, y, z;
  Model() {
    x = graph.input("x", {f64, {4, 2}});
    const Scope scope = graph.scope("layer");
    w = graph.parameter("w", Tensor(Shape{2}, {1.0, 2.0}));
    y = times(x, w);
    z = plus(y, 0.5).named("z");
  }
};

TEST(Rewrite, ClonesExactly) {
  Model m;
  const Rewritten copy = clone(m.graph);
  EXPECT_EQ(to_string(copy.graph), to_string(m.graph));
  EXPECT_EQ(copy.mapping(m.z).name(), "layer/z");
  EXPECT_NE(copy.mapping(m.z), m.z);
  EXPECT_EQ(copy.mapping(m.w).node().tensor().to_vector<double>(), (std::vector{1.0, 2.0}));
  EXPECT_EQ(copy.mapping(m.z).node().where().line, m.z.node().where().line);
  EXPECT_EQ(copy.mapping.size(), m.graph.size());
}

TEST(Rewrite, ExtractsWhatOutputsNeed) {
  Model m;
  scale(m.z, 3);
  const Value outputs[] = {m.y};
  const Rewritten part = extract(m.graph, outputs);
  EXPECT_EQ(part.graph.size(), 3U);
  EXPECT_FALSE(part.mapping.find(m.z));
  EXPECT_EQ(message<GraphError>([&] { (void)part.mapping(m.z); }),
            "the value 'layer/z' has no counterpart in the new graph");
}

TEST(Rewrite, CutsBecomeInputs) {
  Model m;
  const Value outputs[] = {m.z}, cuts[] = {m.y};
  const Rewritten part = extract(m.graph, outputs, cuts);
  EXPECT_EQ(part.graph.inputs().size(), 1U);
  EXPECT_EQ(part.graph.inputs()[0].type(), m.y.type());
  EXPECT_EQ(part.graph.inputs()[0].name(), "layer/times");
  EXPECT_TRUE(part.graph.parameters().empty());
}

TEST(Rewrite, CutsOneResultOfSeveral) {
  Graph graph;
  const auto [a, b] = halve(graph.input("x", {f64, {4}}));
  const Value outputs[] = {plus(a, b)}, cuts[] = {b};
  const Rewritten part = extract(graph, outputs, cuts);
  EXPECT_EQ(part.graph.inputs().size(), 2U);  // x for the first half, and the second
  EXPECT_EQ(part.mapping(outputs[0]).node().operands()[1].name(), "halve.1");
}

TEST(Rewrite, ReplaysAtAnotherBatchSize) {
  Model m;
  const Retyped types[] = {{m.x, {f64, {7, 2}}}};
  const Rewritten other = replay(m.graph, types);
  EXPECT_EQ(other.mapping(m.z).type(), (Type{f64, {7, 2}}));
  const Retyped wrong[] = {{m.x, {f64, {7, 3}}}};
  const std::string text = message<ShapeError>([&] { (void)replay(m.graph, wrong); });
  EXPECT_TRUE(text.starts_with("times: ")) << text;
  EXPECT_NE(text.find("rewrite_test.cpp"), text.npos) << text;
}

TEST(Rewrite, ReplaysInAnotherDtype) {
  Model m;
  const Rewritten other = replay(m.graph, f64, f32);
  EXPECT_EQ(other.mapping(m.z).type(), (Type{f32, {4, 2}}));
  EXPECT_EQ(other.mapping(m.w).node().tensor().to_vector<float>(), (std::vector{1.0F, 2.0F}));
}

TEST(Rewrite, TypeOnlyOperandsFollow) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}});
  const Value filled = fill(graph.constant(Tensor(1.0)), x);
  const Retyped types[] = {{x, {f64, {9}}}};
  EXPECT_EQ(replay(graph, types).mapping(filled).shape(), Shape{9});
}

TEST(Rewrite, ReplayRefusesImpossibleTypes) {
  Model m;
  const Retyped computed[] = {{m.y, {f64, {}}}};
  EXPECT_EQ(message<GraphError>([&] { (void)replay(m.graph, computed); }),
            "replay: 'layer/times' is computed; only inputs, parameters and constants can be given "
            "a type");
  const Retyped reshaped[] = {{m.w, {f64, {3}}}};
  EXPECT_EQ(message<ShapeError>([&] { (void)replay(m.graph, reshaped); }),
            "replay: parameter 'layer/w' holds float64[2], which cannot become float64[3]: only "
            "inputs can change their shape");
  const Retyped twice[] = {{m.x, {f64, {1, 2}}}, {m.x, {f64, {2, 2}}}};
  EXPECT_EQ(message<ArgumentError>([&] { (void)replay(m.graph, twice); }),
            "replay: 'x' is given two types");
}

TEST(Rewrite, ReplacesUses) {
  Model m;
  const Value other = scale(m.x, 9);  // newer than the node that will use it
  const Replacement r[] = {{m.y, other}};
  const Rewritten fresh = replace(m.graph, r);
  EXPECT_EQ(fresh.mapping(m.z).node().operands()[0], fresh.mapping(other));
  EXPECT_EQ(m.z.node().operands()[0], m.y);  // the original is unchanged
}

TEST(Rewrite, ReplacementMustNotDependOnWhatItReplaces) {
  Model m;
  const Replacement r[] = {{m.y, m.z}};
  const std::string text = message<GraphError>([&] { (void)replace(m.graph, r); });
  EXPECT_TRUE(text.starts_with("replace: a replacement depends on what it replaces")) << text;
}

TEST(Rewrite, ReplacementMustHaveTheSameType) {
  Model m;
  const Replacement r[] = {{m.y, m.w}};
  EXPECT_EQ(message<TypeError>([&] { (void)replace(m.graph, r); }),
            "replace: 'layer/times' is float64[4,2], 'layer/w' is float64[2]");
}

}  // namespace
