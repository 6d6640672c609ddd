#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/exec/routines.hpp"

namespace dagrad::test {
namespace {

/// Values that are random formulas of earlier ones, and fetches of the last one and its gradient.
struct LongFormula {
  Graph graph;
  Feeds feeds;
  std::vector<Value> fetches;

  explicit LongFormula(int ops) {
    std::mt19937 random(7);
    std::vector<Value> values;
    for (int i = 0; i < 16; ++i) {
      values.push_back(graph.input("x" + std::to_string(i), {f64, {}}));
      feeds.emplace_back(values.back(), Tensor(0.3 + 0.05 * i));
    }
    Value total = values[0];
    for (int made = 0; made < ops; made += 3) {  // each turn makes three ops
      const Value a = values[random() % values.size()], b = values[random() % values.size()];
      values.push_back(random() % 8 == 0 ? sin(a + b) : a * 0.625 - b);
      total = total + values.back();
    }
    fetches = gradient(total, std::span(values).first(16));
    fetches.push_back(total);
  }
};

/// More steps than one routine takes.
TEST(LongRoutines, ComputeAFormulaOfAHundredThousandOpsAndItsGradient) {
  const LongFormula formula(100'000);
  for (const InstructionSet set : sets_with_assembler()) {
    Runtime runtime({.threads = 1, .instruction_set = set});
    const auto [in_routines, steps] = steps_in_routines(formula.fetches, runtime, {.passes = {}});
    EXPECT_EQ(in_routines, steps);
    EXPECT_GT(steps, 150'000u);
    const Function plain =
        compile(formula.fetches, {.threads = 1, .runtime = &runtime, .passes = {}});
    const std::vector<Tensor> in_steps = plain(formula.feeds);  // the first run has no routines
    const std::vector<Tensor> in_routine = plain(formula.feeds);
    BoundRun optimized = compile(formula.fetches, {.threads = 1, .runtime = &runtime}).bind();
    for (const Feed& feed : formula.feeds) optimized.feed(feed.value, feed.tensor);
    optimized();
    for (std::size_t i = 0; i < in_steps.size(); ++i) {
      EXPECT_TRUE(std::isfinite(in_steps[i].at(0)));
      EXPECT_EQ(in_routine[i].at(0), in_steps[i].at(0)) << "fetch " << i;
      EXPECT_EQ(optimized.fetch(i).as<double>()[0], in_steps[i].at(0)) << "fetch " << i;
    }
  }
}

}  // namespace
}  // namespace dagrad::test
