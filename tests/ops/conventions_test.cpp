#include <gtest/gtest.h>

#include <cmath>

#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/operators.hpp"
#include "tests/ops/support.hpp"

/// The behaviour of elementwise ops at ties, kinks and edges.
namespace dagrad {
namespace {

using test::at;
using test::infinity;
using test::nan;
using X = const std::vector<Value>&;

TEST(Conventions, SlopeOfReluAtZeroIsTheLeftOne) {
  const auto slope = [](double x, const test::Build& build) { return at({x}, build).slope[0]; };
  for (const double zero : {0.0, -0.0}) {
    EXPECT_EQ(slope(zero, [](X x) { return relu(x[0]); }), 0);
    EXPECT_EQ(slope(zero, [](X x) { return leaky_relu(x[0], 0.25); }), 0.25);
    EXPECT_EQ(slope(zero, [](X x) { return elu(x[0], 1.5); }), 1.5);
    EXPECT_EQ(slope(zero, [](X x) { return celu(x[0], 1.5); }), 1);
    EXPECT_EQ(slope(zero, [](X x) { return selu(x[0]); }), 1.75809934084737685994);
  }
}

TEST(Conventions, SlopesOfClippedActivationsAreTheOuterOnes) {
  const auto slope = [](double x, const test::Build& build) { return at({x}, build).slope[0]; };
  EXPECT_EQ(slope(0, [](X x) { return relu6(x[0]); }), 0);
  EXPECT_EQ(slope(6, [](X x) { return relu6(x[0]); }), 0);
  for (const double end : {-3.0, 3.0})
    EXPECT_EQ(slope(end, [](X x) { return hard_sigmoid(x[0]); }), 0);
  EXPECT_EQ(slope(-3, [](X x) { return hard_swish(x[0]); }), 0);
  EXPECT_EQ(slope(3, [](X x) { return hard_swish(x[0]); }), 1);
}

TEST(Conventions, CopysignCopiesTheSignBit) {
  const test::Build copied = [](X x) { return copysign(x[0], x[1]); };
  EXPECT_EQ(at({3, -0.0}, copied).value, -3);
  EXPECT_EQ(at({-3, std::copysign(nan, 1.0)}, copied).value, 3);
  EXPECT_EQ(at({-3, std::copysign(nan, -1.0)}, copied).value, -3);
  EXPECT_EQ(at({3, -0.0}, copied).slope, (std::vector<double>{-1, 0}));
  EXPECT_EQ(at({-3, -2}, copied).slope, (std::vector<double>{1, 0}));
  EXPECT_EQ(at({0, -2}, copied).slope, (std::vector<double>{0, 0}));
}

TEST(Conventions, LerpIsExactAtItsEnds) {
  const test::Build between = [](X x) { return lerp(x[0], x[1], x[2]); };
  for (const double a : {0.1, -3e300, infinity, nan, 7.0}) {
    for (const double b : {0.3, 1.7e308, -0.1, -infinity, nan}) {
      if (a == a) {
        EXPECT_EQ(at({a, b, 0}, between).value, a);
      }
      if (b == b) {
        EXPECT_EQ(at({a, b, 1}, between).value, b);
      }
    }
  }
  EXPECT_EQ(at({-1.7e308, 1.7e308, 0.5}, between).value, 0);
  EXPECT_EQ(at({2, 5, 0}, between).slope, (std::vector<double>{1, 0, 3}));
  EXPECT_EQ(at({2, 5, 1}, between).slope, (std::vector<double>{0, 1, 3}));
  EXPECT_EQ(at({2, 5, 2}, between).value, 8);
}

TEST(Conventions, LerpIsMonotone) {
  Graph graph;
  const std::int64_t n = 4001;
  std::vector<double> t(n);
  for (std::size_t i = 0; i < t.size(); ++i) t[i] = 1 + 0x1p-24 * (static_cast<double>(i) - 2000);
  const Value x = graph.constant(Tensor({n}, t).cast(f32));
  for (const auto& [a, b] :
       {std::pair{0.1, 0.7}, {9.9, 0.1}, {0.1, 9.9}, {-0.3, 0.9}, {-5.1, -5.0}, {1, 1}}) {
    const Tensor y = evaluate(lerp(a, b, x));
    for (std::int64_t i = 1; i < n; ++i) {
      const double step = y.at(i) - y.at(i - 1);
      ASSERT_TRUE(b >= a ? step >= 0 : step <= 0) << a << ' ' << b << ' ' << t[std::size_t(i)];
    }
  }
}

TEST(Conventions, OfGammaAtPoles) {
  for (const double pole : {0.0, -0.0, -1.0, -7.0})
    EXPECT_EQ(at({pole}, [](X x) { return lgamma(x[0]); }).value, infinity);
  const auto of = [](double x) { return at({x}, [](X v) { return digamma(v[0]); }).value; };
  EXPECT_EQ(of(0.0), -infinity);
  EXPECT_EQ(of(-0.0), infinity);
  for (const double x : {-1.0, -7.0, -infinity}) EXPECT_TRUE(std::isnan(of(x))) << x;
}

TEST(Conventions, SlopesThatAreInfinite) {
  EXPECT_EQ(at({0}, [](X x) { return cbrt(x[0]); }).slope[0], infinity);
  EXPECT_EQ(at({1}, [](X x) { return acosh(x[0]); }).slope[0], infinity);
  EXPECT_EQ(at({-1}, [](X x) { return atanh(x[0]); }).slope[0], infinity);
  EXPECT_EQ(at({1}, [](X x) { return 0 * acosh(x[0]); }).slope[0], 0);
}

TEST(Conventions, ActivationsPassNanThrough) {
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return relu6(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return celu(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return selu(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return hard_sigmoid(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return hard_swish(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return softsign(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return mish(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return relu(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return leaky_relu(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return elu(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return gelu(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return gelu_tanh(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return silu(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return sigmoid(x[0]); }).value));
  EXPECT_TRUE(std::isnan(at({nan}, [](X x) { return softplus(x[0]); }).value));
}

TEST(Conventions, SlopeIsZeroOnJumpsAndOfAbsAtZero) {
  EXPECT_EQ(at({0}, [](X x) { return abs(x[0]); }).slope[0], 0);
  for (const double x : {0.0, 1.0, 2.5}) {
    EXPECT_EQ(at({x}, [](X v) { return sign(v[0]); }).slope[0], 0);
    EXPECT_EQ(at({x}, [](X v) { return floor(v[0]); }).slope[0], 0);
    EXPECT_EQ(at({x}, [](X v) { return ceil(v[0]); }).slope[0], 0);
    EXPECT_EQ(at({x}, [](X v) { return round(v[0]); }).slope[0], 0);
    EXPECT_EQ(at({x}, [](X v) { return trunc(v[0]); }).slope[0], 0);
    EXPECT_EQ(at({x, 0.5}, [](X v) { return floor_divide(v[0], v[1]); }).slope[0], 0);
    EXPECT_EQ(at({x}, [](X v) { return where(v[0] > 1, 5.0, 7.0) + 0 * v[0]; }).slope[0], 0);
  }
}

TEST(Conventions, RoundsHalvesToEven) {
  const auto rounded = [](double x) { return at({x}, [](X v) { return round(v[0]); }).value; };
  EXPECT_EQ(rounded(0.5), 0);
  EXPECT_EQ(rounded(1.5), 2);
  EXPECT_EQ(rounded(2.5), 2);
  EXPECT_EQ(rounded(-2.5), -2);
  EXPECT_TRUE(std::signbit(rounded(-0.5)));
}

TEST(Conventions, MaximumSharesAtATie) {
  const test::Build larger = [](X x) { return maximum(x[0], x[1]); };
  const test::Build smaller = [](X x) { return minimum(x[0], x[1]); };
  for (const auto& build : {larger, smaller})
    EXPECT_EQ(at({3, 3}, build).slope, (std::vector{0.5, 0.5}));
  EXPECT_EQ(at({3, 2}, larger).slope, (std::vector{1.0, 0.0}));
  EXPECT_EQ(at({3, 2}, smaller).slope, (std::vector{0.0, 1.0}));
}

TEST(Conventions, MaximumOfNanIsNanInValueAndGradient) {
  for (const std::vector<double>& x : {std::vector{nan, 1.0}, {1.0, nan}, {nan, nan}}) {
    const auto point = at(x, [](X v) { return maximum(v[0], v[1]); });
    EXPECT_TRUE(std::isnan(point.value));
    EXPECT_TRUE(std::isnan(point.slope[0]) && std::isnan(point.slope[1]));
    EXPECT_TRUE(std::isnan(at(x, [](X v) { return minimum(v[0], v[1]); }).value));
  }
}

TEST(Conventions, ClampHasGradientAtItsBounds) {
  const test::Build build = [](X x) { return clamp(x[0], x[1], x[2]); };
  using Slopes = std::vector<double>;
  EXPECT_EQ(at({0, -1, 1}, build).slope, (Slopes{1, 0, 0}));
  EXPECT_EQ(at({-1, -1, 1}, build).slope, (Slopes{1, 0, 0}));
  EXPECT_EQ(at({1, -1, 1}, build).slope, (Slopes{1, 0, 0}));
  EXPECT_EQ(at({-2, -1, 1}, build).slope, (Slopes{0, 1, 0}));
  EXPECT_EQ(at({2, -1, 1}, build).slope, (Slopes{0, 0, 1}));
  EXPECT_EQ(at({2, -1, 1}, build).value, 1);
  EXPECT_EQ(at({2, 1, 1}, build).value, 1);
  EXPECT_TRUE(std::isnan(at({nan, -1, 1}, build).value));
}

TEST(Conventions, DeadBranchesGiveExactlyZero) {
  const auto point = at({-4}, [](X x) { return where(x[0] > 0, sqrt(x[0]), 0); });
  EXPECT_EQ(point.value, 0);
  EXPECT_EQ(point.slope[0], 0);
  EXPECT_EQ(at(
                {0}, [](X x) { return where(x[0] > 0, log(x[0]), 1 / x[0]); }, 0)
                .slope[0],
            0);
  // Also in a single functor, and up to third order.
  const auto guarded = elementwise("guarded", [](auto x) { return select(x > 0, sqrt(x), 0); });
  const auto third = at({-1}, [&](X x) {
    Value y = guarded(x[0]);
    for (int order = 0; order < 2; ++order) y = gradient(y, x[0]);
    return y;
  });
  EXPECT_EQ(third.value, 0);
  EXPECT_EQ(third.slope[0], 0);
}

TEST(Conventions, InfiniteSlopesTimesZeroCotangentsAreZero) {
  for (const auto& [x, build, slope] : {
           std::tuple<double, test::Build, double>{0, [](X v) { return sqrt(v[0]); }, infinity},
           {1, [](X v) { return asin(v[0]); }, infinity},
           {-1, [](X v) { return asin(v[0]); }, infinity},
           {1, [](X v) { return acos(v[0]); }, -infinity},
       }) {
    EXPECT_EQ(at({x}, build).slope[0], slope);
    EXPECT_EQ(at({x}, build, 0).slope[0], 0);
  }
  EXPECT_TRUE(std::isnan(at({-1}, [](X v) { return sqrt(v[0]); }).value));
  EXPECT_TRUE(std::isnan(at({1.5}, [](X v) { return asin(v[0]); }).value));
}

TEST(Conventions, NormAtTheOriginIsNan) {
  const auto norm = at({0, 0}, [](X x) { return sqrt(square(x[0]) + square(x[1])); });
  EXPECT_TRUE(std::isnan(norm.slope[0]));
}

TEST(Conventions, PowAtItsEdges) {
  const test::Build build = [](X x) { return pow(x[0], x[1]); };
  EXPECT_EQ(at({0, 0}, build).value, 1);
  EXPECT_EQ(at({0, 0}, build).slope, (std::vector{0.0, 0.0}));
  EXPECT_EQ(at({-2, 0}, build).slope[0], 0);
  EXPECT_EQ(at({0, 2}, build).slope, (std::vector{0.0, 0.0}));
  EXPECT_EQ(at({-2, 3}, build).slope[0], 12);
  EXPECT_TRUE(std::isnan(at({-2, 3}, build).slope[1]));
}

TEST(Conventions, PowWithAPlainExponentDoesNotUseTheLogarithm) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value slope = gradient(pow(x, 3), x);
  for (const Node& node : graph.nodes()) EXPECT_EQ(to_string(node).find("log"), std::string::npos);
  EXPECT_EQ(evaluate(slope, {{x, Tensor(-2.0)}}).item<double>(), 12);
}

TEST(Conventions, Atan2AtTheOriginAndFarFromIt) {
  const test::Build build = [](X x) { return atan2(x[0], x[1]); };
  EXPECT_EQ(at({0, 0}, build).slope, (std::vector{0.0, 0.0}));
  const auto tiny = at({1e-200, 1e-200}, build);
  EXPECT_NEAR(tiny.slope[0] / 0.5e200, 1, 1e-14);
  EXPECT_NEAR(tiny.slope[1] / -0.5e200, 1, 1e-14);
}

TEST(Conventions, RemainderHasTheSignOfItsDivisor) {
  const test::Build build = [](X x) { return x[0] % x[1]; };
  EXPECT_EQ(at({7, -3}, build).value, -2);
  EXPECT_EQ(at({-7, 3}, build).value, 2);
  EXPECT_EQ(at({7, 3}, build).slope, (std::vector{1.0, -2.0}));
  EXPECT_EQ(at({-7, 3}, build).slope, (std::vector{1.0, 3.0}));
}

TEST(Conventions, LogaddexpAtATieIsSmooth) {
  const auto second = at({2, 2}, [](X x) { return gradient(logaddexp(x[0], x[1]), x[0]); });
  EXPECT_EQ(second.value, 0.5);
  EXPECT_DOUBLE_EQ(second.slope[0], 0.25);
  EXPECT_DOUBLE_EQ(second.slope[1], -0.25);
  EXPECT_EQ(at({infinity, infinity}, [](X x) { return logaddexp(x[0], x[1]); }).value, infinity);
  EXPECT_EQ(at({-infinity, -infinity}, [](X x) { return logaddexp(x[0], x[1]); }).value, -infinity);
}

TEST(Conventions, SaturatedSlopesKeepTheirDigits) {
  EXPECT_NEAR(at({40}, [](X x) { return sigmoid(x[0]); }).slope[0] / std::exp(-40), 1, 1e-14);
  EXPECT_NEAR(at({20}, [](X x) { return tanh(x[0]); }).slope[0] / (4 * std::exp(-40)), 1, 1e-14);
  EXPECT_NEAR(at({-800}, [](X x) { return softplus(x[0]); }).value, 0, 1e-300);
  EXPECT_EQ(at({0}, [](X x) { return softplus(x[0]); }).slope[0], 0.5);
  EXPECT_EQ(at({-800}, [](X x) { return elu(x[0]); }).slope[0], 0);
  EXPECT_EQ(at({-infinity}, [](X x) { return silu(x[0]); }).value, 0);
  EXPECT_EQ(at({infinity}, [](X x) { return gelu_tanh(x[0]); }).slope[0], 1);
}

TEST(Conventions, PullIsZeroWhereItsCotangentIs) {
  const test::Build build = [](X x) { return pull(x[0], x[1]); };
  EXPECT_EQ(at({0, infinity}, build).value, 0);
  EXPECT_EQ(at({0, nan}, build).value, 0);
  EXPECT_EQ(at({2, 3}, build).value, 6);
  EXPECT_EQ(at({2, 3}, build).slope, (std::vector{3.0, 2.0}));
}

TEST(Conventions, RulesAreLinearEnoughToBeTransposedTwice) {
  // The derivative of the gradient with respect to its seed is the forward derivative, 2 * 3.
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), seed = graph.input("seed", {f64, {}});
  const Value slope = gradient(x * x, x, {.seed = seed});
  const Value forward = gradient(slope, seed);
  EXPECT_EQ(evaluate(forward, {{x, Tensor(3.0)}}).item<double>(), 6);
}

TEST(Conventions, DimensionOneBroadcastsToZero) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 1}}), y = graph.input("y", {f64, {1, 0}});
  const Value z = x * y;
  EXPECT_EQ(z.shape(), (Shape{2, 0}));
  const Value slope = gradient(z, x, {.seed = ones_like(z)});
  const Tensor result = evaluate(slope, {{y, Tensor({f64, {1, 0}})}});
  EXPECT_EQ(result.shape(), (Shape{2, 1}));
  EXPECT_EQ(result.at(1), 0);
}

}  // namespace
}  // namespace dagrad
