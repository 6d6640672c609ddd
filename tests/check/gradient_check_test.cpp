#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "dagrad/check.hpp"
#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/check/faults.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using tests::Fault;
using tests::faulted;

Value wrong(const Op& op, const Value& x) {
  return apply(faulted(op, Fault::doubled), std::vector<Operand>{x}).front();
}

bool has(const CheckReport& report, const std::string& text) {
  return report.text().find(text) != std::string::npos;
}

class CheckGradient : public ::testing::Test {
 protected:
  Graph graph;
  Rng rng{1};
};

TEST_F(CheckGradient, AgreesOnATinyNetwork) {
  const Value x = graph.input("x", {f64, {3}});
  const Value w = graph.parameter("w", rng.normal({2, 3}));
  const Value y = tanh(w * x + 0.5);
  const CheckReport report = check_gradient(y, {x, w}, {{x, rng.normal({3})}});
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_EQ(report.count(Verdict::agree), 9U);
  EXPECT_EQ(report.culprit, "");
}

TEST_F(CheckGradient, OfLargeTensorsUsesRandomDirections) {
  const Value x = graph.input("x", {f64, {65}});
  const Feeds feeds{{x, rng.normal({65})}};
  const CheckReport report = check_gradient(sin(x), x, feeds, {.directions = 5});
  EXPECT_EQ(report.count(Verdict::agree), 5U) << report;
  EXPECT_FALSE(report.comparisons[0].element);
  EXPECT_TRUE(has(report, "'x', a random direction"));
  EXPECT_EQ(check_gradient(sin(x), x, feeds, {.elements = 65}).comparisons.size(), 65U);
  EXPECT_EQ(check_gradient(wrong(Sin{}, x), x, feeds).verdict(), Verdict::disagree);
}

TEST_F(CheckGradient, NamesTheWorstElementAndTheFirstNodeThatFailsAlone) {
  const Value x = graph.input("x", {f64, {2}});
  const Value e = exp(x), bad = wrong(Sin{}, e), y = tanh(wrong(Square{}, bad));
  const CheckReport report = check_gradient(y, x, {{x, Tensor::of({0.1, 0.2})}});
  EXPECT_EQ(report.verdict(), Verdict::disagree);
  ASSERT_NE(report.worst(), nullptr);
  EXPECT_EQ(report.worst()->x, "x");
  EXPECT_NEAR(report.worst()->gradient / report.worst()->difference, 4, 1e-6);
  EXPECT_TRUE(has(report, "0 agree, 2 disagree, 0 unresolved")) << report;
  EXPECT_TRUE(has(report, "worst: 'x', element ")) << report;
  EXPECT_TRUE(has(report, "first node that fails when checked alone: 'sin', sin, made at "))
      << report;
  EXPECT_NE(report.culprit.find("gradient_check_test.cpp:"), std::string::npos) << report;
}

/// Returns x, and NaN as its gradient.
struct NanRule {
  static constexpr auto name = "nan_rule";
  template <class T>
  T operator()(T x) const {
    return x;
  }
  Grads grad(const GradContext& g) const {
    return {full_like(g.dout, std::numeric_limits<double>::quiet_NaN())};
  }
};

TEST_F(CheckGradient, NanDoesNotAgree) {
  const Value x = graph.input("x", {f64, {}});
  const CheckReport report = check_gradient(apply(NanRule{}, {x}), x, {{x, Tensor(1.0)}});
  EXPECT_EQ(report.verdict(), Verdict::disagree) << report;
  EXPECT_TRUE(has(report, "gradient nan")) << report;
  const CheckReport undefined = check_gradient(log(x), x, {{x, Tensor(-1.0)}});
  EXPECT_FALSE(undefined.passed()) << undefined;
}

TEST_F(CheckGradient, NothingToCompareIsEmptyAndFails) {
  const Value x = graph.input("x", {f64, {0, 3}});
  const CheckReport report = check_gradient(sin(x), x, {{x, Tensor({f64, {0, 3}})}});
  EXPECT_EQ(report.verdict(), Verdict::empty);
  EXPECT_FALSE(report.passed());
  EXPECT_EQ(report.worst(), nullptr);
  EXPECT_TRUE(has(report, "gradient check: empty")) << report;
}

TEST_F(CheckGradient, KinksAreUnresolvedAndLimited) {
  const Value x = graph.input("x", {f64, {4}});
  const Feeds feeds{{x, Tensor::of({0.0, 1.0, -2.0, 3.0})}};
  const CheckReport report = check_gradient(relu(x), x, feeds);
  EXPECT_EQ(report.count(Verdict::agree), 3U) << report;
  EXPECT_EQ(report.verdict(), Verdict::unresolved) << report;
  EXPECT_FALSE(report.passed());
  EXPECT_TRUE(check_gradient(relu(x), x, feeds, {.unresolved = 0.25}).passed());
  // Near the kink, steps are short enough.
  EXPECT_TRUE(check_gradient(relu(x), x, {{x, Tensor::of({1e-5, 1.0, -1e-6, 3.0})}}).passed());
}

TEST_F(CheckGradient, ZeroDoesNotAgreeWithAVisibleSlope) {
  // The slope is lost in the rounding of 1, but visible in two steps.
  const Value x = graph.input("x", {f64, {}});
  const Value tiny = apply(faulted(Mul{}, Fault::zeroed), std::vector<Operand>{x, 1e-12}).front();
  const CheckReport report = check_gradient(tiny, x, {{x, Tensor(1.0)}});
  EXPECT_FALSE(report.passed()) << report;
}

TEST_F(CheckGradient, CountsNegligibleSlopesSeparately) {
  const Value x = graph.input("x", {f64, {4}});
  const Feeds feeds{{x, Tensor::of({0.0, 300.0, -200.0, 50.0})}};
  EXPECT_GRADIENT(softmax(x), x, feeds);
  EXPECT_GRADIENT(log_softmax(x), x, feeds);
  const CheckReport report =
      check_gradient(sigmoid(x), x, {{x, Tensor::of({40.0, 60.0, 1.0, -2.0})}}, {.unresolved = 0});
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_EQ(report.count(Verdict::negligible), 2U) << report;
  EXPECT_TRUE(has(report, "2 agree, 0 disagree, 0 unresolved, 2 negligible")) << report;
  EXPECT_TRUE(report.warnings.empty()) << report;
  EXPECT_EQ(report.worst()->verdict, Verdict::agree);
}

TEST_F(CheckGradient, OfOnlyNegligibleSlopesPassesWithAWarning) {
  const Value x = graph.input("x", {f64, {2}});
  const CheckReport report = check_gradient(sigmoid(x), x, {{x, Tensor::of({40.0, 60.0})}});
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_EQ(report.count(Verdict::negligible), 2U) << report;
  ASSERT_EQ(report.warnings.size(), 1U) << report;
  EXPECT_TRUE(has(report, "all slopes are negligible compared with the values")) << report;
  const OpReport op = check_op(Sigmoid{}, {{Sigmoid{}, {Tensor::of({50.0, 60.0})}}});
  EXPECT_TRUE(op.passed()) << op;
  EXPECT_GE(op.negligible, 2U) << op;
}

TEST_F(CheckGradient, UnresolvedIsNeverTheWorstIfItPasses) {
  const Value x = graph.input("x", {f64, {4}});
  const CheckReport report =
      check_gradient(relu(x), x, {{x, Tensor::of({0.0, 1.0, -2.0, 3.0})}}, {.unresolved = 0.25});
  EXPECT_EQ(report.count(Verdict::unresolved), 1U) << report;
  ASSERT_NE(report.worst(), nullptr);
  EXPECT_EQ(report.worst()->verdict, Verdict::agree) << report;
}

TEST_F(CheckGradient, ChecksAtLeastOneNodeOfEachOpAlone) {
  const Value x = graph.input("x", {f64, {3}});
  Value y = x;
  for (int i = 0; i < 30; ++i) y = tanh(y + 0.1);
  y = sum(apply(faulted(Square{}, Fault::averaged), std::vector<Operand>{y}).front());
  const Feeds feeds{{x, rng.normal({3})}};
  const CheckReport all = check_gradient(y, x, feeds);
  EXPECT_EQ(all.alone, 61U) << all;  // except the sum, which gets the seed itself
  EXPECT_FALSE(all.passed()) << all;
  EXPECT_TRUE(has(all, "first node that fails when checked alone: 'square', square")) << all;
  const CheckReport some = check_gradient(y, x, feeds, {.nodes = 3});
  EXPECT_FALSE(some.passed()) << some;
  EXPECT_EQ(some.alone, 3U) << some;
  const CheckReport none = check_gradient(y, x, feeds, {.nodes = 0});
  EXPECT_TRUE(none.passed()) << none;
  EXPECT_EQ(none.alone, 0U);
}

TEST_F(CheckGradient, ChecksOnlyNodesWithCotangentsAlone) {
  const Value x = graph.input("x", {f64, {3}});
  const Feeds feeds{{x, Tensor::of({0.5, -1.0, 2.0})}};
  // The dead branch has no value and no slope; the function for which the custom rule stands has a
  // wrong slope.
  EXPECT_GRADIENT(sum(where(greater(x, 0), sqrt(x), square(x))), x, feeds);
  const Value inside = exp(x);
  const Value square_of_exp =
      custom_gradient(wrong(Square{}, inside), {inside},
                      [](const GradContext& g) -> Grads { return {g.dout * 2 * g.in[0]}; });
  const CheckReport report = check_gradient(sum(sin(square_of_exp)), x, feeds);
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_EQ(report.alone, 3U) << report;
}

TEST_F(CheckGradient, OfInnerValuesAndParametersAtTheirValues) {
  const Value x = graph.input("x", {f64, {2}});
  const Value w = graph.parameter("w", Tensor::of({0.3, 0.4}));
  const Value h = exp(x * w), y = sum(square(h));
  const Feeds feeds{{x, Tensor::of({1.0, 2.0})}};
  EXPECT_GRADIENT(y, {h, w}, feeds);
  EXPECT_GRADIENT(y, y, feeds);
  const CheckReport report = check_gradient(y, h, feeds);
  EXPECT_NEAR(report.comparisons[0].gradient / report.comparisons[0].difference, 1, 1e-6);
}

TEST_F(CheckGradient, KeepsResultsOfStopGradientFixed) {
  const Value x = graph.input("x", {f64, {3}});
  EXPECT_GRADIENT(x * stop_gradient(sin(x)), x, {{x, rng.normal({3})}});
  const Value inner = square(x), y = stop_gradient(inner) * inner;
  EXPECT_GRADIENT(y, {x, inner}, {{x, rng.uniform({3}, 1, 2)}});
}

TEST_F(CheckGradient, OfFloat32IsComparedWithFloat64) {
  const Value x = graph.input("x", {f32, {4}});
  const Feeds feeds{{x, rng.uniform({4}, 0.5, 2, f32)}};
  const CheckReport right = check_gradient(tanh(x) * 3, x, feeds);
  EXPECT_TRUE(right.passed()) << right;
  EXPECT_EQ(right.rounded, 8U);  // value and gradient of each element
  const Value bad = apply(faulted(Tanh{}, Fault::narrow_kernel), std::vector<Operand>{x}).front();
  const CheckReport report = check_gradient(bad, x, feeds);
  EXPECT_EQ(report.count(Verdict::disagree), 0U) << report;
  EXPECT_FALSE(report.passed());
  EXPECT_TRUE(has(report, "rounding does not explain")) << report;
}

TEST_F(CheckGradient, NamesNodesThatDecideDifferentlyInFloat64) {
  const Value x = graph.input("x", {f32, {}});
  const Value y = x * floor(x * 10);  // 0.7 as float32 times 10 is 7 in float32 and less in float64
  const CheckReport report = check_gradient(y, x, {{x, Tensor(0.7F)}});
  ASSERT_EQ(report.decisions.size(), 1U) << report;
  EXPECT_TRUE(has(report, "these nodes take other branches there")) << report;
  EXPECT_NE(report.decisions[0].find("'floor'"), std::string::npos);
}

TEST_F(CheckGradient, IgnoresFeedsThatAreNotNeeded) {
  const Value x = graph.input("x", {f64, {}}), other = graph.input("other", {f64, {}});
  EXPECT_GRADIENT(sin(x), x, {{x, Tensor(1.0)}, {other, Tensor(2.0)}});
}

TEST_F(CheckGradient, RefusesWhatCannotBeChecked) {
  const Value x = graph.input("x", {f64, {}}), n = graph.input("n", {i64, {}});
  const Feeds feeds{{x, Tensor(1.0)}, {n, Tensor(std::int64_t{1})}};
  EXPECT_THROWS(check_gradient(x, std::vector<Value>{}, feeds), ArgumentError,
                "check_gradient: needs at least one x");
  EXPECT_THROW(check_gradient(x * n, n, feeds), GradientError);
  EXPECT_THROW(check_gradient(n, x, feeds), GradientError);
  EXPECT_THROW(check_gradient(sin(x), x, {}), ArgumentError);
  Graph another;
  const Value y = another.input("y", {f64, {}});
  EXPECT_THROW(check_gradient(sin(x), y, feeds), Error);
}

TEST_F(CheckGradient, FailsTheTestsOfUsers) {
  const Value x = graph.input("x", {f64, {}});
  const Feeds feeds{{x, Tensor(1.0)}};
  const Value y = wrong(Sin{}, x);
  EXPECT_NONFATAL_FAILURE(EXPECT_GRADIENT(y, x, feeds), "gradient check: disagree");
  EXPECT_NONFATAL_FAILURE(EXPECT_OP(faulted(Sin{}, Fault::sign)), "check of sin: failed");
  EXPECT_NONFATAL_FAILURE(EXPECT_OP(Op(Where{}), Samples{}),
                          "there are no samples, so nothing was checked");
  EXPECT_NONFATAL_FAILURE(EXPECT_TENSOR_NEAR(Tensor(1.0), Tensor(2.0), 0.1), "");
  EXPECT_NONFATAL_FAILURE(EXPECT_TENSOR_SAME(Tensor(0.0), Tensor(-0.0)), "the bits differ");
}

}  // namespace
}  // namespace dagrad
