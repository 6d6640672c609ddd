// The passes one by one, and in lists.

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/passes/count.hpp"
#include "tests/passes/effect.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

TEST(MergeEqual, KeepsOneOfEachKind) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), y = graph.input("y", {f64, {2}});
  const Value z = sin(x) * y + y * sin(x) + (x - y) + (y - x);
  const PassResult merged = merge_equal(graph, std::vector{z});
  EXPECT_EQ(count(merged.graph, "sin"), 1u);
  EXPECT_EQ(count(merged.graph, "mul"), 1u) << "its operands may be exchanged";
  EXPECT_EQ(count(merged.graph, "sub"), 2u) << "those of sub may not";
}

TEST(MergeEqual, ComparesAttributesAndConstantsBitByBit) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value z = add_n(
      {leaky_relu(x, 0.1), leaky_relu(x, 0.2), leaky_relu(x, 0.1), x * 0.0, x * -0.0, x * 0.0});
  const PassResult merged = merge_equal(graph, std::vector{z});
  EXPECT_EQ(count(merged.graph, "leaky_relu"), 2u);
  EXPECT_EQ(count(merged.graph, "constant"), 2u);
  EXPECT_EQ(count(merged.graph, "mul"), 2u);
}

TEST(MergeEqual, MergesAllResultsOfANode) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}});
  const std::vector<Value> a = split(x, 2), b = split(x, 2);
  const PassResult merged = merge_equal(graph, std::vector{a[0], b[1]});
  EXPECT_EQ(merged.mapping(a[0]).node_id(), merged.mapping(b[1]).node_id());
  EXPECT_EQ(merged.mapping(b[1]).port(), 1u);
}

TEST(MergeEqual, LeavesOrderedOpsAlone) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value z = apply(Effect{}, {x}) + apply(Effect{}, {x});
  EXPECT_EQ(count(merge_equal(graph, std::vector{z}).graph, "effect"), 2u);
}

TEST(MergeEqual, KeepsTheNamesThatUsersGave) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value plain = sin(x), named = sin(x).named("wave");
  const PassResult merged = merge_equal(graph, std::vector{plain + named});
  EXPECT_EQ(merged.mapping(plain).name(), "wave");
}

TEST(FoldConstants, ComputesWhatIsKnown) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value c = exp(graph.constant(Tensor::of({1.0, 2.0}))) + 1;
  const Value y = x + c;
  const PassResult folded = fold_constants(graph, std::vector{y});
  EXPECT_EQ(folded.mapping(y).node().operands()[1].node().kind(), NodeKind::constant);
  const Feeds feeds{{"x", Tensor::of({0.0, 1.0})}};
  EXPECT_TRUE(same_bits(evaluate(y, feeds), evaluate(folded.mapping(y), feeds)));
}

TEST(FoldConstants, LeavesWhatWouldGrowOrFail) {
  Graph graph;
  const Value big = broadcast_to(graph.constant(1.0), {1000});
  EXPECT_EQ(count(fold_constants(graph, std::vector{big}).graph, "broadcast_to"), 1u);
  const Value one = graph.constant(Tensor::of({std::int32_t{1}}));
  const Value fails = remainder(one, one - one);
  const PassResult kept = fold_constants(graph, std::vector{fails});
  EXPECT_EQ(count(kept.graph, "remainder"), 1u);
  EXPECT_THROW(evaluate(kept.mapping(fails)), RunError);
}

TEST(DropDead, KeepsWhatIsNeeded) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = sin(x);
  static_cast<void>(cos(x));
  EXPECT_EQ(drop_dead(graph, std::vector{y}).graph.size(), 2u);
}

// ---- compile

TEST(CompileWithPasses, KeepsFeedsUpdatesAndNamesOfTheGraph) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), unused = graph.input("unused", {f64, {2}});
  const Value w = graph.parameter("w", Tensor::of({1.0, 2.0}));
  const Value loss = sum(square(x * w * 1 + unused - unused * 1));
  const Value lost = where(full_like(x > 0, 1), w, unused);
  const std::vector<Update> update = sgd({w}, gradient(loss, std::vector{w}), 0.1);
  const Function plain = compile({loss, lost}, {.update = update, .passes = {}});
  const Function better = compile({loss, lost}, {.update = update, .passes = default_passes()});
  EXPECT_LT(better.nodes(), plain.nodes());
  State a(graph), b(graph);
  const Tensor data = Tensor::of({3.0, -1.0}), zero = Tensor::of({0.0, 0.0});
  for (int i = 0; i < 3; ++i) {
    const std::vector<Tensor> left = plain(a, {{x, data}, {unused, zero}});
    const std::vector<Tensor> right = better(b, {{x, data}, {unused, zero}});
    EXPECT_TRUE(same_bits(left[0], right[0]));
    EXPECT_TRUE(same_bits(left[1], right[1]));
  }
  EXPECT_TRUE(same_bits(a.get("w"), b.get("w")));
}

TEST(CompileWithPasses, FetchesInputsParametersAndOneValueTwice) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value w = graph.parameter("w", Tensor::full({f64, {}}, 2));
  const Function f = compile({x, w, x * 1, x * 1}, {.passes = default_passes()});
  const std::vector<Tensor> results = f({{"x", Tensor::full({f64, {}}, 3)}});
  EXPECT_EQ(results[0].at(0) + results[1].at(0) + results[2].at(0) + results[3].at(0), 11);
}

TEST(CompileWithPasses, FindsTheNodeThatIsNotFinite) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = (reciprocal(x * 1).named("inverse")) + 1;
  const Function f = compile(y, {.check_finite = true, .passes = default_passes()});
  try {
    f({{x, Tensor::full({f64, {}}, 0)}});
    FAIL() << "nothing was thrown";
  } catch (const RunError& error) {
    EXPECT_NE(std::string(error.what()).find("'inverse'"), std::string::npos) << error.what();
  }
}

/// A pass that removes negations of negations, and says that it fuses.
Pass without_negations() {
  const auto run = [](const Graph& graph, std::span<const Value> values) {
    const std::vector<Rule> rules{
        {"-(-x)", [](Value x) { return -(-x); }, [](Value x) { return x; }}};
    return apply_rules(graph, values, rules);
  };
  return {"without_negations", run, true};
}

TEST(CompileWithPasses, SearchesTheGraphBeforeNodesWereFused) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), unused = graph.input("unused", {f64, {}});
  const Value w = graph.parameter("w", Tensor::full({f64, {}}, 1));
  const Value y = -(-reciprocal(x - w)).named("lost") + 1;
  const std::vector<Update> update = {{w, w + 1}};
  const Function f =
      compile({y, w}, {.update = update, .check_finite = true, .passes = {without_negations()}});
  EXPECT_LT(f.nodes(), compile({y, w}, {.update = update, .passes = {}}).nodes());
  const auto run = [&](State& state, double at) {
    return f(state, {{x, Tensor::full({f64, {}}, at)}, {"unused", Tensor::full({f64, {}}, 0)}});
  };
  State state(graph);
  EXPECT_EQ(run(state, 3)[0].at(0), 1.5);
  try {
    run(state, 2);  // w is 2
    FAIL() << "nothing was thrown";
  } catch (const RunError& error) {
    EXPECT_NE(std::string(error.what()).find("'reciprocal'"), std::string::npos) << error.what();
  }
  EXPECT_EQ(state.get("w").at(0), 2);
  // An infinity that is fed is no one's fault: the search gives the answer.
  const std::vector<Tensor> results = run(state, std::numeric_limits<double>::infinity());
  EXPECT_EQ(results[0].at(0), 1);
  EXPECT_EQ(results[1].at(0), 2);
  EXPECT_EQ(state.get("w").at(0), 3);
  BoundRun bound = f.bind(state);
  bound.feed(x, Tensor::full({f64, {}}, 5));
  bound();
  EXPECT_EQ(*static_cast<const double*>(bound.fetch(0).data), 1.5);
}

TEST(CompileWithPasses, TellsObserversWhichOfTheUsersNodesRun) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value twice = (x + 0.5).named("twice"), same = (x + 0.5).named("same");
  const Value y = log(1 + exp(twice * same)).named("y");
  std::vector<std::pair<std::string, std::uint32_t>> seen;
  Observer observer;
  observer.start = [&](const NodeEvent& event) { seen.emplace_back(event.node, event.id); };
  const Function f = compile(y, {.threads = 1,
                                 .observer = std::make_shared<const Observer>(observer),
                                 .passes = default_passes()});
  f({{x, Tensor::of({1.0, 2.0, 3.0})}});
  const std::vector<std::pair<std::string, std::uint32_t>> expected{
      {"twice", same.node_id()}, {"mul", twice.node_id() + 2}, {"y", y.node_id()}};
  EXPECT_EQ(seen, expected);
}

TEST(CompileWithPasses, FeedsInputsOfOlderGraphs) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), y = x * 1 + 2;
  const Rewritten copy = clone(graph);
  const Function f = compile(copy.mapping(y));
  EXPECT_EQ(f({{x, Tensor::full({f64, {}}, 3)}})[0].at(0), 5);
  EXPECT_EQ(f({{copy.mapping(x), Tensor::full({f64, {}}, 3)}})[0].at(0), 5);
}

TEST(FoldConstants, LeavesWhatIsNotFiniteToARun) {
  Graph graph;
  const Value y = log(graph.constant(Tensor(-1.0))).named("lost");
  const Value mask = -graph.constant(Tensor(std::numeric_limits<double>::infinity()));
  EXPECT_EQ(count(fold_constants(graph, std::vector{y}).graph, "log"), 1u);
  EXPECT_EQ(count(fold_constants(graph, std::vector{mask}).graph, "neg"), 0u);
  EXPECT_THROW(compile(y, {.check_finite = true})(), RunError);
}

TEST(CompilePasses, AreSwitchedOffByTheEnvironment) {
  const auto with = [](const char* value) {
    const char* const before = std::getenv("DAGRAD_PASSES");
    const std::optional<std::string> kept =
        before ? std::optional<std::string>(before) : std::nullopt;
    setenv("DAGRAD_PASSES", value, 1);
    std::string result;
    try {
      result = compile_passes().empty() ? "none" : "some";
    } catch (const ArgumentError& error) {
      result = error.what();
    }
    kept ? setenv("DAGRAD_PASSES", kept->c_str(), 1) : unsetenv("DAGRAD_PASSES");
    return result;
  };
  EXPECT_EQ(with("none"), "none");
  EXPECT_EQ(with("nope"), "DAGRAD_PASSES must be \"none\" if it is set, got \"nope\"");
}

TEST(MappingThen, RefusesMappingsOfOtherGraphs) {
  Graph a, b;
  static_cast<void>(a.input("x", {f64, {}}));
  static_cast<void>(b.input("x", {f64, {}}));
  EXPECT_THROW(clone(a).mapping.then(clone(b).mapping), GraphError);
}

}  // namespace
}  // namespace dagrad
