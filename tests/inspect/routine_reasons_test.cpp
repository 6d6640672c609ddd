#include <dagrad/dagrad.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/loops/address_sanitizer.hpp"
#include "tests/inspect/special_ops.hpp"

/// What `explain_plan` says about the routines of a plan.
namespace {

using namespace dagrad;
using testing::HasSubstr;
using testing::Not;

struct Long {
  static constexpr auto name = "long_formula";
  template <class T>
  T operator()(T x) const {
    for (int i = 0; i < 60; ++i) x = x * x + x;
    return x;
  }
};

/// For a runtime with an assembler; skipped without.
class Routines : public testing::Test {
 protected:
  Routines() : runtime_({.threads = 1}) {}
  void SetUp() override {
    if (detail::address_sanitizer || runtime_.instruction_set() == InstructionSet::plain)
      GTEST_SKIP() << "there is no assembler";
  }
  PlanExplanation explain(const std::vector<Value>& values, CompileOptions options = {}) {
    options.threads = 1;
    options.runtime = &runtime_;
    options.passes.clear();
    return explain_plan(compile(values, options));
  }
  /// Why the step of a node is in no routine.
  std::string why(const Value& value, CompileOptions options = {}) {
    for (const PlannedStep& step : explain({value}, std::move(options)).steps)
      if (step.name == value.name()) return step.why_alone;
    return "there is no such step";
  }
  Runtime runtime_;
  Graph graph_;
};

TEST_F(Routines, AreListedWithTheirSteps) {
  const Value x = graph_.input("x", {f64, {4}}), large = graph_.input("large", {f64, {100}});
  const Value a = exp(x).named("a"), b = (a * 2).named("b"), c = sum(b).named("c"),
              d = sum(exp(large).named("e") * c).named("d"), f = tanh(d).named("f"),
              y = (f + c).named("y");
  const PlanExplanation plan = explain({y});
  ASSERT_EQ(plan.routines.size(), 2U);
  const auto names = [&](const PlannedRoutine& routine) {
    std::vector<std::string> all;
    for (std::size_t i = routine.begin; i < routine.end; ++i) all.push_back(plan.steps[i].name);
    return all;
  };
  EXPECT_EQ(names(plan.routines[0]), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(names(plan.routines[1]), (std::vector<std::string>{"f", "y"}));
  EXPECT_EQ(plan.why_no_routines, "");
  for (const PlannedStep& step : plan.steps)
    EXPECT_EQ(step.why_alone.empty(), step.name != "e" && step.name != "mul_1" && step.name != "d")
        << step.name;
  const std::string text = to_string(plan);
  EXPECT_THAT(text, HasSubstr("steps run as 2 routines.\n"));
  EXPECT_THAT(text, HasSubstr("Steps that run as one routine\n  steps "));
  EXPECT_THAT(text, HasSubstr("a result has more than 64 elements: "));
  std::vector<std::string> transfers;
  for (const PlannedTransfer& transfer : plan.transfers)
    transfers.push_back(transfer.from + " to " + transfer.to);
  EXPECT_THAT(transfers, testing::ElementsAre("e to mul_1", "mul_1 to d"));
}

TEST_F(Routines, SayWhyAStepIsInNone) {
  const Value x = graph_.input("x", {f64, {4}}), half = graph_.input("h", {f16, {4}}),
              none = graph_.input("n", {f64, {0}}), large = graph_.input("l", {f64, {65}});
  EXPECT_EQ(why(apply(Ordered{}, {x}).named("ordered")), "it is ordered");
  EXPECT_EQ(why(apply(Checking{}, {x}).named("checks")), "it checks its operands before it runs");
  EXPECT_EQ(why(exp(large).named("large")), "a result has more than 64 elements");
  EXPECT_EQ(why(exp(none).named("none")), "a result has no elements");
  EXPECT_EQ(why(exp(half).named("half")), "a dtype is only stored, and computed as another one");
  EXPECT_EQ(why(cumsum(x, 0).named("cumsum")), "cumsum has no straight-line form for these types");
  EXPECT_EQ(why(exp(x).named("alone")), "the steps before and after it are in no routine");
  EXPECT_EQ(why(exp(x).named("checked"), {.check_finite = true}), "its results are checked");
  EXPECT_EQ(why(elementwise("long",
                            [](auto v) {
                              for (int i = 0; i < 2000; ++i) v = v * v + v;
                              return v;
                            })(x)
                    .named("long")),
            "its formula is too long");
  Value chain = x;
  for (int i = 0; i < 10; ++i) chain = apply(Long{}, {chain});
  EXPECT_EQ(why(chain.named("chain")),
            "many steps share its loop, which stays in the instruction cache");
}

TEST_F(Routines, CanBeRuledOut) {
  const Value x = graph_.input("x", {f64, {4}}), y = exp(sin(x));
  const auto why = [&](const CompileOptions& options) {
    const PlanExplanation plan = explain_plan(compile({y}, options));
    EXPECT_TRUE(plan.routines.empty());
    EXPECT_TRUE(plan.steps[0].why_alone.empty());
    EXPECT_THAT(to_string(plan), HasSubstr("No steps run as one routine. " + plan.why_no_routines));
    return plan.why_no_routines;
  };

  EXPECT_EQ(why({.threads = 1, .runtime = &runtime_, .observer = std::make_shared<Observer>()}),
            "An observer looks at each step.");
  Runtime plain({.threads = 1, .instruction_set = InstructionSet::plain});
  EXPECT_EQ(why({.threads = 1, .runtime = &plain}),
            "There is no assembler for the instruction set plain.");
}

TEST(NoRoutines, WhereThreadsShareTheSteps) {
  if (detail::address_sanitizer) GTEST_SKIP() << "that is said first";
  Runtime runtime({.threads = 2});
  Graph graph;
  const Value x = graph.input("x", {f64, {500, 500}});
  EXPECT_EQ(explain_plan(compile({matmul(x, x)}, {.runtime = &runtime})).why_no_routines,
            "Several threads share the steps.");
}

}  // namespace
