#include <dagrad/dagrad.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/throws.hpp"

namespace {

using namespace dagrad;
using testing::HasSubstr;

TEST(ExplainPlan, TellsWhereMemoryGoes) {
  Graph g;
  const Value x = g.input("x", {f64, {100, 10}});
  const Value a = softmax(x, 1).named("a"), b = softmax(a, 0).named("b"), c = tanh(a).named("c"),
              flat = reshape(c, {1000}).named("flat"), d = sum(flat).named("d"),
              e = (sum(b) * d).named("e");
  const PlanExplanation plan = explain_plan(compile({e}, {.threads = 1, .passes = {}}));
  ASSERT_GE(plan.steps.size(), 5U);
  EXPECT_EQ(plan.steps[0].name, "a");
  EXPECT_FALSE(plan.steps[0].loop);
  EXPECT_EQ(plan.steps[2].name, "c");
  EXPECT_TRUE(plan.steps[2].loop);
  EXPECT_EQ(plan.steps[2].overwrites, "a");
  ASSERT_GE(plan.values.size(), 3U);
  EXPECT_EQ(plan.values[0].name, "a");
  EXPECT_EQ(plan.values[0].bytes, 8000U);
  EXPECT_EQ(plan.values[0].first, 0U);
  EXPECT_EQ(plan.values[0].last, 2U);
  ASSERT_EQ(plan.aliases.size(), 1U);
  EXPECT_EQ(plan.aliases[0].node, "flat");
  EXPECT_EQ(plan.aliases[0].value, "c");
  EXPECT_GE(plan.most_bytes, 16000U);
  EXPECT_LE(plan.most_bytes, plan.arena_bytes);  // c lies in the memory of a
  ASSERT_GE(plan.transfers.size(), 1U);
  EXPECT_EQ(plan.transfers[0].from, "c");
  EXPECT_EQ(plan.transfers[0].to, "d");
  EXPECT_EQ(plan.transfers[0].bytes, 8000U);
  EXPECT_EQ(plan.transfers[0].why,
            "sum is not an elementwise formula, and `fuse_sums` takes values of 524 kB or more");
  EXPECT_EQ(plan.threads, 1);
  const std::string text = to_string(plan, 2);
  EXPECT_THAT(text, HasSubstr("c is written over a\n"));
  EXPECT_THAT(text, HasSubstr("flat shares the memory of c\n"));
  EXPECT_THAT(text, HasSubstr("  a  float64[100,10]  8 kB  steps 0 to 2\n"));
  EXPECT_THAT(text, HasSubstr("  … and "));
}

TEST(ExplainPlan, ListsMergedNodes) {
  Graph g;
  const Value x = g.input("x", {f64, {4}});
  const Value first = tanh(x).named("y"), second = tanh(x).named("z"), y = first + second;
  const PlanExplanation plan = explain_plan(compile({y}, {.passes = {{"merge", merge_equal}}}));
  ASSERT_EQ(plan.passes.size(), 1U);
  EXPECT_EQ(plan.passes[0].pass, "merge");
  EXPECT_EQ(plan.passes[0].before, 4U);
  EXPECT_EQ(plan.passes[0].after, 3U);
  EXPECT_EQ(plan.steps[0].merged, (std::vector<std::string>{"y", "z"}));
  EXPECT_THAT(to_string(plan), HasSubstr("y = tanh of 2 nodes: y, z\n"));
}

TEST(ExplainPlan, SaysWhyItUsesThreads) {
  Runtime runtime({.threads = 2}), alone({.threads = 1});
  Graph g;
  const Value x = g.input("x", {f64, {500, 500}});
  const auto why = [&](const Value& value, Runtime& on) {
    return explain_plan(compile({value}, {.runtime = &on})).why_threads;
  };
  EXPECT_THAT(why(matmul(x, x), runtime), HasSubstr("Several threads pay: an estimated "));
  EXPECT_THAT(why(square(g.constant(2.0)), runtime),
              HasSubstr("One thread is enough: an estimated "));
  EXPECT_EQ(why(matmul(x, x), alone),
            "More threads are not allowed, or the pool does not have them.");
  const PlanExplanation plan = explain_plan(compile({matmul(x, x)}, {.runtime = &runtime}));
  EXPECT_TRUE(plan.steps[0].divides);
  EXPECT_GT(plan.steps[0].estimate, 1e-4);
  EXPECT_THAT(to_string(plan), HasSubstr("may be divided"));
}

TEST(ExplainPlan, TakesPlansWithoutSteps) {
  Graph g;
  const Value x = g.input("x", {f64, {}});
  const PlanExplanation plan = explain_plan(compile({x}));
  EXPECT_TRUE(plan.steps.empty() && plan.values.empty());
  EXPECT_THAT(to_string(plan), HasSubstr("0 steps"));
  EXPECT_EQ(::testing::PrintToString(plan), to_string(plan));
  EXPECT_THAT(mistake<ArgumentError>([&] { explain_plan(Function()); }),
              HasSubstr("this Function is empty"));
}

}  // namespace
