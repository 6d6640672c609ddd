// Lists of passes, and their reports.

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/passes/count.hpp"

namespace dagrad {
namespace {

TEST(Optimize, MapsValuesThroughAllPasses) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value w = graph.parameter("w", Tensor::of({1.0, 2.0, 3.0}));
  const Value y = sum(log(1 + exp(x * w * 1)));
  const Optimized better = optimize(graph, {y, w, x});
  EXPECT_EQ(better.reports.size(), default_passes().size());
  EXPECT_EQ(count(better.graph, "softplus"), 1u);
  EXPECT_EQ(count(better.graph, "mul"), 1u);
  EXPECT_EQ(better.mapping(w).name(), "w");
  const Value slope = gradient(better.mapping(y), better.mapping(w));
  const Feeds feeds{{"x", Tensor::of({0.5, -1.0, 1000.0})}};
  const Tensor g = evaluate(slope, feeds);
  EXPECT_NEAR(g.at(0), 0.5 / (1 + std::exp(-0.5)), 1e-15);
  EXPECT_EQ(g.at(2), 1000);
}

TEST(Optimize, SpeaksOfTheUsersGraph) {
  Graph graph;
  const Value n = graph.input("n", {i32, {1}});
  const Value y = remainder(n * 1, n).named("rest");
  const Optimized better = optimize(graph, y);
  const Function f = compile(better.mapping(y));
  try {
    f({{n, Tensor::of({std::int32_t{0}})}});
    FAIL() << "nothing was thrown";
  } catch (const RunError& error) {
    EXPECT_NE(std::string(error.what()).find("'rest'"), std::string::npos) << error.what();
  }
}

TEST(Optimize, ReportsWhatItDid) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Optimized better = optimize(graph, sin(x * 1) + sin(x * 1));
  const auto& applied = better.reports[1];
  EXPECT_EQ(applied.pass, "apply_rules");
  ASSERT_EQ(applied.rules.size(), 1u);
  EXPECT_EQ(applied.rules[0].rule, "x * 1");
  EXPECT_NE(to_string(applied).find("x * 1 (1 times)"), std::string::npos);
}

TEST(Optimize, CountsWhatTheValuesNeed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  static_cast<void>(cos(x));
  const Value y = sin(x) + sin(x);
  const Optimized better = optimize(graph, y);
  EXPECT_EQ(::testing::PrintToString(better.reports[0]), to_string(better.reports[0]));
  EXPECT_EQ(better.reports[0].before, 4u);
  EXPECT_EQ(better.reports[0].after, 3u);
  ASSERT_EQ(better.reports[0].nodes.size(), 3u);
  EXPECT_EQ(better.reports[0].nodes[2].op, "sin");
  EXPECT_EQ(better.reports[0].nodes[2].before, 2u);
  EXPECT_EQ(better.reports[0].nodes[2].after, 1u);
  EXPECT_EQ(better.reports[1].before, 3u);
}

TEST(Optimize, CopiesWhatNoPassChanges) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  static_cast<void>(cos(x));
  const Value y = sum(sin(x) * x);
  for (const Pass& pass : compile_passes())
    EXPECT_EQ(pass.run(graph, std::vector{y}, nullptr).has_value(), pass.name == "fuse")
        << pass.name;
  const Optimized better = optimize(graph, y);
  EXPECT_EQ(better.graph.size(), 4u);
  EXPECT_EQ(better.mapping(y).name(), y.name());
  EXPECT_EQ(graph.size(), 5u);
  const Feeds feeds{{"x", Tensor::of({0.5, 2.0})}};
  EXPECT_TRUE(same_bits(evaluate(y, feeds), evaluate(better.mapping(y), feeds)));
}

TEST(Optimize, TakesPassesThatMayChangeNothing) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), y = x * 1;
  const auto never = [](const Graph&, std::span<const Value>) -> std::optional<Rewritten> {
    return std::nullopt;
  };
  const std::vector<Pass> passes{{"never", never}};
  const Optimized same = optimize(graph, y, passes);
  EXPECT_EQ(same.graph.size(), 3u);
  EXPECT_EQ(same.reports[0].after, 3u);
  const Function f = compile(y, {.check_finite = true, .passes = passes});
  EXPECT_EQ(f({{x, Tensor(3.0)}})[0].at(0), 3);
}

TEST(Optimize, DoesNotRepeatAPassThatHasFoundNothing) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = sin(x * 1);
  int runs = 0;
  const auto look = [&](const Graph&, std::span<const Value>) {
    ++runs;
    return std::optional<PassResult>();
  };
  Pass same("look", look);
  same.repeats = true;
  const Pass other("look", look), rules = default_passes()[1];
  const auto count_runs = [&](const std::vector<Pass>& passes) {
    runs = 0;
    const Optimized better = optimize(graph, y, passes);
    EXPECT_EQ(better.reports.size(), passes.size());
    EXPECT_EQ(better.reports.back().after, better.graph.size());
    return runs;
  };
  EXPECT_EQ(count_runs({same, same, same}), 1);
  EXPECT_EQ(count_runs({other, other}), 2) << "it does not say that it repeats";
  EXPECT_EQ(count_runs({other, same}), 2);
  EXPECT_EQ(count_runs({same, rules, same}), 2) << "the rules have changed the graph";
  EXPECT_EQ(count_runs({same, rules, same, rules, same}), 2);
}

TEST(Optimize, RunsPassesOfUsers) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Pass mine{"relu to identity", [](const Graph& g, std::span<const Value> values) {
                    return rewrite(g,
                                   [](Rewriter& rewriter, const Node& node) {
                                     if (node.op().name() == "relu")
                                       rewriter.replace(rewriter(node.operands()));
                                   },
                                   {.outputs = {values.begin(), values.end()}});
                  }};
  const Value y = relu(x);
  const std::vector<Pass> passes{mine};
  EXPECT_EQ(optimize(graph, y, passes).graph.size(), 1u);
}

TEST(Optimize, RefusesValuesOfAnotherGraph) {
  Graph graph, other;
  const Value x = other.input("x", {f64, {}});
  EXPECT_THROW(optimize(graph, x), GraphError);
}

}  // namespace
}  // namespace dagrad
