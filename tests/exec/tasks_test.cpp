#include <dagrad/compile.hpp>
#include <dagrad/ops/index.hpp>

#include <gtest/gtest.h>

#include "src/exec/compiled.hpp"
#include "tests/exec/test_ops.hpp"

namespace {

using namespace dagrad;
using namespace dagrad::test;
using detail::Plan;

/// Copies its operand; takes as long as it says.
struct Taking {
  double nanoseconds = 0;
  static constexpr auto name = "taking";
  using attributes = dagrad::attributes<&Taking::nanoseconds>;
  static constexpr no_grad grad{"only for tests"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    std::copy_n(c.in<double>(0).begin(), c.in<double>(0).size(), c.out<double>().begin());
  }
  double cost(const PlanContext&) const { return nanoseconds; }
};
Value taking(const Value& x, double nanoseconds) { return apply(Taking{nanoseconds}, {x}); }

class TasksTest : public testing::Test {
 protected:
  Function compiled(const std::vector<Value>& fetches) {
    return compile(fetches, {.runtime = &runtime, .passes = {}});
  }
  static const Plan& plan(const Function& f) { return detail::FunctionAccess::compiled(f).plan(); }
  /// The task of the step that computes a value.
  static std::size_t task_of(const Function& f, const Value& value) {
    std::uint32_t step = 0;
    while (plan(f).origins.name(step) != value.name()) ++step;
    std::size_t task = 0;
    while (plan(f).tasks[task + 1] <= step) ++task;
    return task;
  }

  Runtime runtime{{.threads = 2}};
  Graph g;
  const Value x = g.input("x", {f64, {2}});
};

TEST_F(TasksTest, ShortStepsShareATask) {
  std::vector<Value> fan;
  for (int i = 0; i < 100; ++i) fan.push_back(taking(x, 500));
  const Function f = compiled(fan);
  EXPECT_EQ(plan(f).threads, 2);
  ASSERT_EQ(plan(f).tasks.size(), 26U);  // four steps each
  for (std::uint32_t task = 0; task < 26; ++task) EXPECT_EQ(plan(f).tasks[task], task * 4);
  EXPECT_EQ(plan(f).topology->size(), 25U);
}

TEST_F(TasksTest, LongStepsHaveTasksOfTheirOwn) {
  std::vector<Value> fan;
  for (int i = 0; i < 50; ++i) fan.push_back(taking(x, 1000));
  EXPECT_EQ(plan(compiled(fan)).tasks.size(), 51U);
}

TEST_F(TasksTest, ChainsRunOnOneThread) {
  Value y = x;
  for (int i = 0; i < 1000; ++i) y = taking(y, 500);
  const Function f = compiled({y});
  EXPECT_EQ(plan(f).threads, 1);
  EXPECT_FALSE(plan(f).topology);
  EXPECT_EQ(plan(f).estimate.threads, 2);
  EXPECT_EQ(plan(f).estimate.alone, 500'000);
  EXPECT_GE(plan(f).estimate.shared, 500'000);
}

TEST_F(TasksTest, AShortStepDoesNotWaitForOthersThatItDoesNotNeed) {
  const Value a = taking(x, 50'000).named("a"), after_a = taking(a, 100).named("after_a"),
              before_b = taking(x, 200).named("before_b"), b = taking(before_b, 50'000).named("b");
  const Function f = compiled({after_a, b});
  EXPECT_EQ(plan(f).threads, 2);
  EXPECT_NE(task_of(f, after_a), task_of(f, before_b));
}

TEST_F(TasksTest, AShortStepJoinsTheStepThatItNeeds) {
  std::vector<Value> ends, middles;
  for (int i = 0; i < 10; ++i) {
    const Value middle = taking(taking(x, 10'000), 300);
    middles.push_back(middle);
    ends.push_back(taking(middle, 400));
  }
  const Function f = compiled(ends);
  EXPECT_EQ(plan(f).threads, 2);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(task_of(f, ends[i]), task_of(f, middles[i]));
  const std::vector<Tensor> results = f({{x, Tensor::of({1.0, 2.0})}});
  for (const Tensor& result : results)
    EXPECT_EQ(result.to_vector<double>(), (std::vector<double>{1, 2}));
}

TEST_F(TasksTest, PartsOfLargeValuesAreCheap) {
  const Value large = g.input("large", {f64, {2000, 10}}), index = g.input("index", {i64, {2}});
  std::vector<Value> parts;
  for (int i = 0; i < 20; ++i) parts.push_back(large[i] + take(large, index, 0)[0]);
  const Function f = compiled(parts);
  EXPECT_EQ(plan(f).threads, 1);
  EXPECT_LT(plan(f).estimate.alone, 40'000);
}

TEST_F(TasksTest, TheStepOfATaskThatFailsIsNamed) {
  const Value index = g.input("index", {i64, {}});
  std::vector<Value> fan;
  for (int i = 0; i < 100; ++i) fan.push_back(taking(x, 500));
  const Value wrong = take(fan[50], index, 0).named("wrong");
  fan.push_back(wrong);
  const Function f = compiled(fan);
  EXPECT_EQ(plan(f).threads, 2);
  for (int i = 0; i < 20; ++i) {
    try {
      f({{x, Tensor::of({1.0, 2.0})}, {index, Tensor(std::int64_t{9})}});
      FAIL();
    } catch (const RunError& error) {
      EXPECT_EQ(error.node(), "wrong");
    }
  }
}

}  // namespace
