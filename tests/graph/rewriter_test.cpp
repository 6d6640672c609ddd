#include <gtest/gtest.h>

#include <map>

#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/ops/structural.hpp"
#include "tests/graph/test_ops.hpp"

/// The Rewriter, and two small passes written with it.
namespace {

using namespace test;

/// Merges nodes with equal ops and the same operands.
Rewritten merge_equal(const Graph& graph) {
  std::multimap<std::size_t, Node> known;  // new nodes by the hash of their op
  return rewrite(graph, [&](Rewriter& rewriter, const Node& node) {
    if (node.kind() != NodeKind::op) return;
    const std::vector<Value> operands = rewriter(node.operands());
    const auto [first, last] = known.equal_range(node.op()->hash());
    for (auto at = first; at != last; ++at)
      if (at->second.op() == node.op() && at->second.operands() == operands)
        return rewriter.replace(at->second.output());
    known.emplace(node.op()->hash(), rewriter.copy().front().node());
  });
}

/// Drops sums to a shape that the value already has.
Rewritten drop_idle_sums(const Graph& graph) {
  return rewrite(graph, [](Rewriter& rewriter, const Node& node) {
    if (node.op().name() != "sum_to_like") return;
    const Value x = node.operands()[0];
    if (x.type() == node.output().type()) rewriter.replace(rewriter(x));
  });
}

std::vector<std::string> names_of(const std::vector<Origin>& origins) {
  std::vector<std::string> names;
  for (const Origin& origin : origins) names.push_back(origin.node);
  return names;
}
using Names = std::vector<std::string>;

TEST(Rewriter, MergesEqualNodes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value a = scale(x, 3), b = scale(x, 3).named("b"), c = scale(x, 4);
  const Value y = plus(plus(a, b), c);
  const Rewritten merged = merge_equal(graph);
  EXPECT_EQ(merged.graph.size(), graph.size() - 1);
  EXPECT_EQ(merged.mapping(a), merged.mapping(b));
  EXPECT_NE(merged.mapping(a), merged.mapping(c));
  EXPECT_EQ(names_of(merged.mapping(a).node().origins()), (Names{"scale", "b"}));
  EXPECT_EQ(merged.mapping(a).node().origins()[1].where.line, b.node().where().line);
  EXPECT_EQ(names_of(merged.mapping(c).node().origins()), Names{"scale_2"});
  EXPECT_EQ(merged.mapping(a).name(), "b") << "names given by the user are kept";
  EXPECT_EQ(evaluate(merged.mapping(y), {{x, Tensor::of({1.0, 2.0})}}).to_vector<double>(),
            (std::vector{10.0, 20.0}));
  EXPECT_EQ(to_string(merged.mapping(a).node()),
            "%b = scale(%x) {by=3} : float64[2]  # made of %scale, %b");
}

TEST(Rewriter, MergesStepByStep) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value a = scale(x, 3), b = scale(x, 3), c = plus(a, 1), d = plus(b, 1);
  const Rewritten once = merge_equal(graph);
  const Rewritten twice = merge_equal(once.graph);
  EXPECT_EQ(twice.graph.size(), once.graph.size());
  EXPECT_EQ(once.mapping(c), once.mapping(d)) << "their operands were merged before";
  EXPECT_EQ(names_of(twice.mapping(once.mapping(d)).node().origins()), (Names{"plus", "plus_1"}));
  EXPECT_EQ(names_of(twice.mapping(once.mapping(x)).node().origins()), Names{"x"});
}

TEST(Rewriter, DropsIdleSums) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), wide = graph.input("wide", {f64, {3, 2}});
  const Value idle = sum_to_like(x, x), busy = sum_to_like(wide, x);
  const Value y = plus(idle, busy);
  const Rewritten dropped = drop_idle_sums(graph);
  EXPECT_EQ(dropped.graph.size(), graph.size() - 1);
  EXPECT_EQ(dropped.mapping(idle), dropped.mapping(x));
  EXPECT_EQ(dropped.mapping(y).node().operands()[0].name(), "x");
  EXPECT_EQ(names_of(dropped.mapping(x).node().origins()), (Names{"x", "sum_to_like"}));
  EXPECT_EQ(dropped.mapping(busy).name(), "sum_to_like_1") << "names are kept";
}

TEST(Rewriter, NewNodesBelongToTheVisitedNode) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  Value y, z;
  {
    const Scope scope = graph.scope("layer");
    y = scale(x, 4).named("y");
    z = scale(y, 4);
  }
  const Value dz = gradient(z, x);
  const Rewritten made = rewrite(graph, [](Rewriter& rewriter, const Node& node) {
    const auto* const op = node.op().get_if<Scale>();
    if (op == nullptr) return;
    const Value half = scale(rewriter(node.operands()[0]), op->by / 2);
    rewriter.replace(plus(half, half));
  });
  const Value end = made.mapping(y);
  EXPECT_EQ(end.name(), "layer/y");
  EXPECT_EQ(end.node().where().line, y.node().where().line);
  EXPECT_EQ(names_of(end.node().origins()), Names{"layer/y"});
  const Node half = end.node().operands()[0].node();
  EXPECT_EQ(half.scope(), "layer");
  EXPECT_EQ(half.where().line, y.node().where().line);
  EXPECT_EQ(names_of(half.origins()), Names{"layer/y"});
  EXPECT_EQ(half.name(), "layer/scale_2") << "not a name of the old graph";
  EXPECT_EQ(made.mapping(z).name(), "layer/plus_1");
  EXPECT_EQ(names_of(made.mapping(z).node().origins()), Names{"layer/scale_1"});
  EXPECT_EQ(made.mapping(dz).node().gradient_order(), 1);
  EXPECT_EQ(made.mapping(dz).name(), dz.name());
  EXPECT_EQ(*made.mapping(dz).node().forward_node(), end.node_id());
  EXPECT_EQ(evaluate(made.mapping(dz)).item<double>(), 16);
}

TEST(Rewriter, NodesOfTheGradientStayInTheGradient) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = times(x, x), dy = gradient(y, x);
  const Rewritten made = rewrite(graph, [&](Rewriter& rewriter, const Node& node) {
    if (node == dy.node()) rewriter.replace(scale(rewriter.copy().front(), 2));
  });
  const Node node = made.mapping(dy).node();
  EXPECT_EQ(node.name(), "scale");
  EXPECT_EQ(node.gradient_order(), 1);
  EXPECT_EQ(node.provenance()->node, dy.node().provenance()->node);
  EXPECT_EQ(names_of(node.origins()), Names{dy.name()});
  EXPECT_EQ(node.operands()[0].name(), dy.name()) << "the copy has the old name";
}

TEST(Rewriter, CopiesWithOtherOperandsAndOps) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = scale(x, 2).named("y"), z = plus(y, x), w = scale(z, 5);
  const Rewritten made = rewrite(graph, [&](Rewriter& rewriter, const Node& node) {
    if (node == y.node()) rewriter.copy(Scale{3}, rewriter(node.operands()));
    if (node == z.node()) {
      const Value same = rewriter(y);
      rewriter.copy(std::vector{same, same});
    }
  });
  EXPECT_EQ(evaluate(made.mapping(w), {{x, Tensor(1.0)}}).item<double>(), 30);
  EXPECT_EQ(made.mapping(y).name(), "y");
  EXPECT_EQ(names_of(made.mapping(z).node().origins()), Names{"plus"});
  EXPECT_EQ(made.mapping(w).name(), "scale_1");
}

TEST(Rewriter, VisitsWhatOutputsNeed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), other = graph.input("other", {f64, {}});
  const Value y = scale(x, 2), z = plus(y, 1), idle = scale(other, 2);
  Names visited;
  const auto look = [&](Rewriter&, const Node& node) { visited.push_back(node.name()); };
  const Rewritten part = rewrite(graph, look, {.outputs = {z}});
  EXPECT_EQ(visited, (Names{"x", "scale", "constant", "plus"}));
  EXPECT_FALSE(part.mapping.find(idle));
  visited.clear();
  const Rewritten tail = rewrite(graph, look, {.outputs = {z}, .cut = {y}});
  EXPECT_EQ(visited, (Names{"constant", "plus"}));
  EXPECT_EQ(tail.graph.inputs().front().name(), "scale");
}

TEST(Rewriter, RefusesNonsense) {
  Graph graph, elsewhere;
  const Value x = graph.input("x", {f64, {2}}), alien = elsewhere.input("alien", {f64, {2}});
  const auto halves = halve(x);
  const Value first = halves[0], second = halves[1];
  const Value y = scale(x, 2).named("y"), z = scale(y, 3).named("z");
  const std::string before = to_string(graph);
  const auto refused = [&]<class E>(const Value& at, auto&& say, E*) {
    return message<E>([&] {
      (void)rewrite(graph, [&](Rewriter& rewriter, const Node& node) {
        if (node == at.node()) say(rewriter);
      });
    });
  };
  GraphError* const graph_error = nullptr;
  TypeError* const type_error = nullptr;
  EXPECT_EQ(refused(
                y, [](Rewriter& r) { r.drop(); }, graph_error),
            "rewrite: 'z' needs 'y', which has been dropped");
  EXPECT_EQ(refused(
                y, [&](Rewriter& r) { (void)r(z); }, graph_error),
            "the value 'z' has no counterpart in the new graph");
  EXPECT_EQ(refused(
                y, [&](Rewriter& r) { (void)r(alien); }, graph_error),
            "the value 'alien' belongs to another graph than the one that was rewritten");
  EXPECT_EQ(refused(
                y, [&](Rewriter& r) { r.replace(alien); }, graph_error),
            "rewrite: the value 'alien' belongs to another graph");
  EXPECT_EQ(refused(
                y, [](Rewriter& r) { r.copy(), r.copy(); }, graph_error),
            "rewrite: the visitor decided twice what becomes of 'y': a node can be copied, "
            "replaced or dropped once");
  EXPECT_EQ(refused(
                first, [&](Rewriter& r) { r.replace(r(x)); }, graph_error),
            "rewrite: 'halve' has 2 results, but 1 replacements are given");
  EXPECT_EQ(refused(
                x, [&](Rewriter& r) { r.copy(std::vector<Value>{}); }, graph_error),
            "rewrite: 'x' is not computed: it has no op and no operands to change");
  EXPECT_EQ(refused(
                y,
                [&](Rewriter& r) {
                  r.copy(Type{f32, {2}});
                },
                graph_error),
            "rewrite: 'y' is computed; only inputs, parameters and constants can be given a type");
  EXPECT_TRUE(refused(
                  y, [&](Rewriter& r) { r.replace(r(first)); }, type_error)
                  .starts_with("rewrite: 'y' is float64[2] and would become float64[1]: this "
                               "rewrite keeps types\n  made at "));
  EXPECT_EQ(message<ArgumentError>(
                [&] { (void)rewrite(graph, [](Rewriter&, const Node&) {}, {.cut = {y}}); }),
            "rewrite: values can be cut only if outputs are given");
  EXPECT_EQ(to_string(graph), before);
}

TEST(Rewriter, KeepsTheOldGraphIfAVisitThrows) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), w = graph.input("w", {f64, {3}});
  const Value y = scale(x, 2);
  const std::string before = to_string(graph);
  const std::string text = message<ShapeError>([&] {
    (void)rewrite(graph, [&](Rewriter& rewriter, const Node& node) {
      if (node == y.node()) rewriter.replace(plus(rewriter(x), rewriter(w)));
    });
  });
  EXPECT_NE(text.find(":" + std::to_string(y.node().where().line)), text.npos)
      << "errors show the user's line: " << text;
  EXPECT_EQ(to_string(graph), before);
}

TEST(Rewriter, RetypesOnlyIfAllowed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}}), y = scale(x, 2);
  const auto retype = [&](const Shape& shape) {
    return rewrite(graph,
                   [&](Rewriter& rewriter, const Node& node) {
                     if (node.kind() == NodeKind::input) rewriter.copy(Type{f32, shape});
                   },
                   {.retypes = true});
  };
  EXPECT_EQ(retype({7}).mapping(y).type(), (Type{f32, {7}}));
  EXPECT_TRUE(message<ShapeError>([&] {
                (void)retype({7, 1});
              })
                  .starts_with("rewrite: 'x' is float64[4] and would become float32[7,1]: a replay "
                               "can change sizes but not the number of axes"));
}

TEST(Rewriter, MappingsOutliveTheOldGraph) {
  auto graph = std::make_unique<Graph>();
  const Value x = graph->input("x", {f64, {}}), y = scale(x, 2);
  const Rewritten copy = clone(*graph);
  const std::size_t size = copy.mapping.size();
  const Value later = scale(y, 2);
  EXPECT_FALSE(copy.mapping.find(later));
  graph.reset();
  EXPECT_EQ(copy.mapping(y).name(), "scale");
  EXPECT_EQ(size, 2U);
  EXPECT_FALSE(Mapping().find(y));
}

TEST(Rewriter, HandlesDeepGraphs) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  Value y = x;
  for (int i = 0; i < 100'000; ++i) y = scale(y, 1);
  const Replacement onto[] = {{y.node().operands()[0], x}};
  EXPECT_EQ(replace(graph, onto).mapping(y).node().operands()[0].name(), "x");
  const Rewritten short_cut = rewrite(graph, [](Rewriter& rewriter, const Node& node) {
    if (node.kind() == NodeKind::op) rewriter.replace(rewriter(node.operands()[0]));
  });
  EXPECT_EQ(short_cut.graph.size(), 1U);
  EXPECT_EQ(short_cut.mapping(y).node().origins().size(), 100'001U);
}

}  // namespace
