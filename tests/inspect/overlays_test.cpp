#include "dagrad/overlays.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dagrad/dagrad.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;

const ValueRange& range_of(const std::vector<ValueRange>& ranges, const std::string& node) {
  const auto at = std::ranges::find(ranges, node, &ValueRange::node);
  if (at == ranges.end()) throw std::out_of_range("no range of " + node);
  return *at;
}

TEST(Overlays, ShowAProfile) {
  Graph graph;
  const Value x = graph.input("x", {f32, {64, 64}});
  const Value y = sum(square(tanh(matmul(x, x).named("product")).named("bent")).named("squared"));
  const Profile measured = profile(compile(y, {.passes = {{"fuse", fuse, true}}}),
                                   {{x, Tensor(Type{f32, {64, 64}})}}, {.runs = 1});
  const Overlay time = overlay_of(measured);
  EXPECT_EQ(time.unit, "s");
  EXPECT_GT(time.amounts.at("product"), 0);
  EXPECT_EQ(time.amounts.at("bent"), time.amounts.at("squared"));  // fused into one
  const Overlay flops = overlay_of(measured, Profiled::flops);
  EXPECT_EQ(flops.amounts.at("product"), 2.0 * 64 * 64 * 64);
  const Overlay bytes = overlay_of(measured, Profiled::bytes);
  double all = 0, expected = 0;
  for (const auto& [name, amount] : bytes.amounts) all += amount;
  for (const ProfileRow& row : measured.nodes) expected += row.bytes;
  EXPECT_NEAR(all, expected, 1e-6 * expected);
}

TEST(Overlays, ShowLifetimes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {100, 10}});
  const Value a = softmax(x, 1).named("a"), b = softmax(a, 0).named("b");
  const Value y = sum(a + b);
  const PlanExplanation plan = explain_plan(compile(y, {.threads = 1, .passes = {}}));
  const Overlay overlay = lifetime_overlay(plan);
  EXPECT_EQ(overlay.amounts.at("a"), 3);
  EXPECT_EQ(overlay.notes.at("a"), "8 kB, steps 0 to 2");
  EXPECT_FALSE(overlay.amounts.contains("x"));
}

TEST(ValueRanges, MeasureEveryNode) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value w = graph.parameter("w", Tensor::of({1.0, -7.0, 2.0}));
  const Value flat = reshape(x * w, {3, 1}).named("flat");
  const Value y = (flat * 2).named("y");
  State state(graph);
  state.set(w, Tensor::of({1.0, -8.0, 2.0}));
  const auto ranges = value_ranges(y, state, {{x, Tensor::of({1.0, 2.0, -3.0})}});
  EXPECT_EQ(range_of(ranges, "x").largest, 3);
  EXPECT_EQ(range_of(ranges, "w").largest, 8);
  EXPECT_EQ(range_of(ranges, "mul").largest, 16);
  EXPECT_EQ(range_of(ranges, "flat").largest, 16);
  EXPECT_EQ(range_of(ranges, "y").largest, 32);
  EXPECT_EQ(range_of(ranges, "y").elements, 3U);
  EXPECT_EQ(value_overlay(ranges).amounts.at("y"), 32);
  const auto initial = value_ranges(y, {{x, Tensor::of({1.0, 2.0, -3.0})}});
  EXPECT_EQ(range_of(initial, "y").largest, 28);
  EXPECT_THROW(value_ranges(ValueSpan{}), ArgumentError);
}

TEST(ValueRanges, ReadEveryFloatAndNoInteger) {
  Graph graph;
  const Value x = graph.input("x", {f32, {2}});
  const Value half = cast(x, DType::float16).named("half"),
              brain = cast(x, DType::bfloat16).named("brain");
  const Value whole = cast(x, i64).named("whole");
  const auto ranges = value_ranges({half, brain, whole}, {{x, Tensor::of({-2.0F, 1.5F})}});
  EXPECT_EQ(range_of(ranges, "half").largest, 2);
  EXPECT_EQ(range_of(ranges, "brain").largest, 2);
  EXPECT_THROW((void)range_of(ranges, "whole"), std::out_of_range);
}

TEST(ValueRanges, FindWhereInfinitiesComeFrom) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value odds = exp(x).named("odds"), rest = (odds - odds).named("rest");
  const Value safe = tanh(x).named("safe"), y = (rest + safe).named("y");
  const auto ranges = value_ranges(y, {{x, Tensor::of({1.0, 800.0, 2.0})}});
  EXPECT_TRUE(range_of(ranges, "odds").first);
  EXPECT_EQ(range_of(ranges, "odds").largest, std::exp(2.0));
  EXPECT_EQ(range_of(ranges, "rest").not_finite, 1U);
  EXPECT_FALSE(range_of(ranges, "rest").first);
  const Overlay overlay = not_finite_overlay(ranges);
  EXPECT_EQ(overlay.amounts.at("odds"), 1);
  EXPECT_EQ(overlay.notes.at("odds"), "first: 1 of 3 not finite");
  EXPECT_EQ(overlay.amounts.at("rest"), 0);
  EXPECT_EQ(overlay.amounts.at("y"), 0);
  EXPECT_FALSE(overlay.amounts.contains("safe"));
}

TEST(Overlays, ShowGradientsAtTheirValues) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value h = square(x).named("h"), y = sum(3 * h).named("y");
  const Value dx = gradient(y, x);
  const auto ranges = value_ranges(dx, {{x, Tensor::of({1.0, -5.0})}});
  const Overlay overlay = gradient_overlay(graph, ranges);
  EXPECT_EQ(overlay.amounts.at("x"), 30);
  EXPECT_EQ(overlay.amounts.at("h"), 3);
  EXPECT_FALSE(overlay.amounts.contains("y") && overlay.amounts.at("y") != 1);
}

/// x² with a rule that forgets the factor 2.
struct Wrong {
  static constexpr auto name = "wrong";
  template <class T>
  T operator()(T x) const {
    return x * x;
  }
  Grads grad(const GradContext& g) const { return {pull(g.dout, g.in[0])}; }
};

TEST(Overlays, ShowVerdicts) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value y = sum(apply(Wrong{}, {x}));
  const CheckReport report = check_gradient(y, x, {{x, Tensor::of({1.0, 2.0})}});
  const Overlay overlay = overlay_of(report);
  EXPECT_EQ(overlay.classes.back(), "disagree");
  EXPECT_EQ(overlay.amounts.at("x"), 3);
  ASSERT_FALSE(report.culprit.empty());
  EXPECT_EQ(overlay.notes.at(report.culprit), "fails alone");
}

TEST(Overlays, ShowChecksOfOps) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  (void)(tanh(x).named("a") + sin(x).named("b"));
  std::vector<OpReport> reports{check_op(graph.at("a").node().op())};
  reports.push_back(check_op(graph.at("b").node().op()));
  reports.back().failures.push_back("sample 0");
  const Overlay overlay = overlay_of(graph, reports);
  EXPECT_EQ(overlay.amounts.at("a"), 0);
  EXPECT_EQ(overlay.amounts.at("b"), 1);
  EXPECT_EQ(overlay.amounts.size(), 2U);
}

}  // namespace
