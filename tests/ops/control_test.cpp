#include "dagrad/ops/control.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/operators.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::at;
using test::message;
using testing::HasSubstr;
using X = const std::vector<Value>&;

TEST(Control, IdentityPassesBothWays) {
  const auto point = at({3}, [](X x) { return identity(x[0]) * identity(x[0]); });
  EXPECT_EQ(point.value, 9);
  EXPECT_EQ(point.slope[0], 6);
}

TEST(Control, CastCarriesGradientsBetweenFloats) {
  const auto point = at({3}, [](X x) { return cast(square(cast(x[0], f32)), f64); });
  EXPECT_EQ(point.value, 9);
  EXPECT_EQ(point.slope[0], 6);
  EXPECT_EQ(at({3}, [](X x) { return cast(cast(x[0], i64), f64) * x[0]; }).slope[0], 3);
}

TEST(Control, StopGradientIsConnectedAndZero) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  EXPECT_EQ(evaluate(gradient(stop_gradient(x), x)).item<double>(), 0);
  EXPECT_EQ(at({3}, [](X v) { return v[0] * stop_gradient(v[0]); }).slope[0], 3);
}

/// The square of x with the gradient of 5x.
Value odd_square(const Value& x) {
  return custom_gradient(square(x), {x}, [](const GradContext& g) { return Grads{5 * g.dout}; });
}

TEST(CustomGradient, OnlyTheRuleDeterminesTheGradient) {
  const auto point = at({3}, [](X x) { return odd_square(x[0]); });
  EXPECT_EQ(point.value, 9);
  EXPECT_EQ(point.slope[0], 5);
  EXPECT_EQ(at({3}, [](X x) { return 2 * odd_square(x[0] * x[0]); }).slope[0], 60);
}

TEST(CustomGradient, RuleIsDifferentiable) {
  const auto cubic = [](const Value& x) {
    return custom_gradient(x, {x},
                           [](const GradContext& g) { return Grads{g.dout * g.in[0] * g.in[0]}; });
  };
  const auto second = at({3}, [&](X x) { return gradient(cubic(x[0]), x[0]); });
  EXPECT_EQ(second.value, 9);
  EXPECT_EQ(second.slope[0], 6);
}

TEST(CustomGradient, RuleGetsInputsOutputsAndWanted) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), y = graph.input("y", {f64, {}});
  bool called = false;
  const auto values =
      custom_gradient(std::vector{x + y, x * y}, std::vector{x, y}, [&](const GradContext& g) {
        called = true;
        EXPECT_EQ(g.in.size(), 2U);
        EXPECT_EQ(g.in[0], x);
        EXPECT_EQ(g.outs.size(), 2U);
        EXPECT_TRUE(g.douts[0].is_zero());
        EXPECT_NE(g.douts[1].value(), nullptr);
        EXPECT_FALSE(g.wanted(0));
        EXPECT_TRUE(g.wanted(1));
        return Grads{zero, g.outs[1] * g.dout_or_zeros(1)};
      });
  const Value slope = gradient(values[1], y);
  EXPECT_TRUE(called);
  EXPECT_EQ(evaluate(slope, {{x, Tensor(2.0)}, {y, Tensor(3.0)}}).item<double>(), 6);
}

TEST(CustomGradient, CapturedValuesAreNamed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), w = graph.input("weight", {f64, {}});
  const Value product = (x * w).named("product");
  const Value y = custom_gradient(product, {x}, [](const GradContext& g) { return Grads{g.dout}; });
  EXPECT_NO_THROW(gradient(y, x));
  const std::string text = message<GradientError>([&] { gradient(y, w); });
  EXPECT_THAT(text, HasSubstr("'weight' is captured by 'custom_gradient'"));
  EXPECT_THAT(message<GradientError>([&] { gradient(y, product); }),
              HasSubstr("'product' is captured"));
}

TEST(CustomGradient, WrongRulesAreNamed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const auto with = [&](CustomRule rule) { return custom_gradient(x, {x}, std::move(rule)); };
  const auto slope = [&](const Value& y) { gradient(y, x, {.seed = ones_like(y)}); };
  EXPECT_THAT(
      message<GradientError>([&] { slope(with([](const GradContext&) { return Grads{}; })); }),
      HasSubstr("custom_gradient: its rule returned 0 gradients for 1 inputs"));
  EXPECT_THAT(message<GradientError>([&] {
                slope(with([&](const GradContext&) { return Grads{graph.constant(Tensor(1.0))}; }));
              }),
              HasSubstr("the rule of 'custom_gradient' returned float64[] for operand 1"));
  EXPECT_THAT(message<ArgumentError>([&] { with(nullptr); }), HasSubstr("needs a rule"));
  EXPECT_THAT(message<ArgumentError>([&] {
                custom_gradient(std::vector<Value>{}, {},
                                [](const GradContext&) { return Grads{}; });
              }),
              HasSubstr("needs at least one output"));
}

}  // namespace
}  // namespace dagrad
