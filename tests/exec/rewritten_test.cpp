#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "dagrad/compile.hpp"
#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/rewrite.hpp"

/// A compiled function refers to the user's graph, even after several rewrites.
namespace dagrad::test {
namespace {

struct Fails {
  static constexpr auto name = "fails";
  static constexpr no_grad grad{"it is only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const { throw ArgumentError("it always does"); }
};

struct Model {
  std::unique_ptr<Graph> graph = std::make_unique<Graph>();
  Value x = graph->input("x", {f64, {2}}), unused = graph->input("unused", {f64, {}});
  Value dead = exp(unused);
  Value doubled = x + x;
  Value squared = exp(doubled);
  Value y = sum(squared);
};

/// A replacement, then an extraction, then a clone.
Rewritten rewritten(Model& m, Value& y) {
  const Replacement instead[] = {{m.squared, m.doubled}};
  const Rewritten replaced = replace(*m.graph, instead);
  const Rewritten part = extract(std::vector{replaced.mapping(m.y)});
  Rewritten copy = clone(part.graph);
  y = copy.mapping(part.mapping(replaced.mapping(m.y)));
  return copy;
}

TEST(RewrittenFunction, IsFedWithTheUsersInputs) {
  Model m;
  Value y;
  const Rewritten copy = rewritten(m, y);
  const Function f = compile({y});
  const Tensor data = Tensor::of({1.0, 2.0});
  EXPECT_EQ(f({{m.x, data}})[0].item<double>(), 6);
  EXPECT_EQ(f({{"x", data}})[0].item<double>(), 6);
  EXPECT_EQ(f({{copy.graph.at("x"), data}})[0].item<double>(), 6);
  EXPECT_THROW(f({{m.x, data}, {"x", data}}), ArgumentError) << "the same input twice";
  EXPECT_THROW(f({{m.x, data}, {m.unused, Tensor(1.0)}}), GraphError) << "it is not copied";
  BoundRun run = f.bind();
  run.feed(m.x, data);
  run();
  EXPECT_EQ(run.fetch(0).data != nullptr, true);
  m.graph.reset();
  EXPECT_EQ(f({{m.x, data}})[0].item<double>(), 6)
      << "the handle is recognised although its graph is gone";
}

TEST(RewrittenFunction, IsFedThroughEveryIntermediateGraph) {
  Model m;
  const Rewritten first = clone(*m.graph);
  const Rewritten second =
      extract(std::vector{first.mapping(m.y)}, std::vector{first.mapping(m.doubled)});
  const Rewritten third = clone(second.graph);
  const Function f = compile({third.mapping(second.mapping(first.mapping(m.y)))});
  const Tensor data = Tensor::of({0.0, 0.0});
  EXPECT_EQ(f({{first.mapping(m.doubled), data}})[0].item<double>(), 2) << "a cut value";
  EXPECT_EQ(f({{second.mapping(first.mapping(m.doubled)), data}})[0].item<double>(), 2);
  EXPECT_EQ(f({{m.doubled.name(), data}})[0].item<double>(), 2);
  EXPECT_THROW(f({{m.x, data}}), GraphError) << "it is not in the new graph";
}

/// Computes everything as the sum of two halves.
Rewritten obscured(const Graph& graph) {
  return rewrite(graph, [](Rewriter& rewriter, const Node& node) {
    if (node.kind() != NodeKind::op) return;
    const Value copy = rewriter.copy().front();
    rewriter.replace(copy * 0.5 + copy * 0.5);
  });
}

TEST(RewrittenFunction, NamesTheUsersNodeInErrors) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const int line = __LINE__ + 1;
  const Value bad = apply(Fails{}, {x + 1.0});
  const Value y = bad.named("bad") * 2.0;
  const Rewritten once = rewrite(graph, [&](Rewriter& rewriter, const Node& node) {
    if (node == bad.node())  // replaced by another node
      rewriter.replace(apply(Fails{}, {rewriter(node.operands()[0]) * 1.0}) * 1.0);
  });
  const Rewritten twice = clone(once.graph);
  const Function f = compile({twice.mapping(once.mapping(y))});
  try {
    f({{x, Tensor::of({1.0, 2.0})}});
    ADD_FAILURE() << "it did not fail";
  } catch (const RunError& error) {
    EXPECT_EQ(error.node(), "bad");
    EXPECT_EQ(error.where().line, line);
    const std::string text = error.what();
    EXPECT_NE(text.find("node 'bad', made at"), text.npos) << text;
  }
}

TEST(RewrittenFunction, ShowsTheUsersNodesToObservers) {
  Model m;
  const Rewritten once = obscured(*m.graph), twice = obscured(once.graph);
  std::set<std::string> names;
  auto observer = std::make_shared<Observer>();
  observer->start = [&](const NodeEvent& event) { names.insert(std::string(event.node)); };
  const Function f = compile({twice.mapping(once.mapping(m.y))},
                             {.threads = 1, .observer = observer, .passes = {}});
  f({{m.x, Tensor::of({1.0, 2.0})}});
  EXPECT_EQ(names, (std::set<std::string>{m.doubled.name(), m.squared.name(), m.y.name()}));
}

}  // namespace
}  // namespace dagrad::test
