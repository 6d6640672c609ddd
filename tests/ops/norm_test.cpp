#include "dagrad/ops/norm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "dagrad/ops/operators.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using golden::Attributes;
using test::at;
using test::infinity;
using test::message;
using ::testing::HasSubstr;
using X = const std::vector<Value>&;

Axes axes_of(const Attributes& a) { return a.has("axes") ? Axes(a.integers("axes")) : Axes(); }

TEST(NormGolden, Norm) {
  check_golden_cases("norm", [](const Graph&, auto in, const golden::Case& golden) {
    const Attributes& a = golden.attributes;
    const std::int64_t order = a.integer("order");
    return std::vector{norm(in[0], order == 0 ? infinity : static_cast<double>(order), axes_of(a),
                            a.flag("keep_dims", false))};
  });
}
TEST(NormGolden, StandardDeviation) {
  check_golden_cases("standard_deviation", [](const Graph&, auto in, const golden::Case& golden) {
    const Attributes& a = golden.attributes;
    return std::vector{
        standard_deviation(in[0], axes_of(a), a.flag("keep_dims", false), a.integer("ddof", 0))};
  });
}
TEST(NormGolden, CountNonzero) {
  check_golden_cases("count_nonzero", [](const Graph&, auto in, const golden::Case& golden) {
    const Attributes& a = golden.attributes;
    return std::vector{count_nonzero(in[0], axes_of(a), a.flag("keep_dims", false))};
  });
}

TEST(Norm, OfTheZeroVectorHasZeroDerivativesToSecondOrder) {
  for (const double order : {1.0, 2.0, infinity}) {
    const test::Build size = [&](X x) { return norm(x[0], order); };
    EXPECT_EQ(at({0}, size).slope[0], 0) << order;
    const auto second = at({0}, [&](X x) { return gradient(size(x), x[0]); });
    EXPECT_EQ(second.slope[0], 0) << order;
  }
  EXPECT_EQ(at({2}, [](X x) { return standard_deviation(x[0]); }).slope[0], 0);
}

TEST(Norm, ScalingDoesNotChangeBitsOfNeighbours) {
  Graph graph;
  Rng rng(2);
  Tensor x = rng.normal({50, 2}), alone = x;
  for (std::size_t i = 0; i < 100; i += 2) x.mutate<double>()[i] *= 1e250;
  const Tensor both = evaluate(norm(graph.constant(x), 2, 0));
  EXPECT_EQ(both.at(1), evaluate(norm(graph.constant(alone), 2, 0)).at(1));
  EXPECT_TRUE(std::isfinite(both.at(0)));
}

/// The decisions of a norm at x, which differ between points on different sides of a kink.
std::vector<std::int64_t> decisions(double order, const Tensor& x) {
  Graph graph;
  const Op op(Norm{{{0}, false}, order});
  const Tensor out = evaluate(dagrad::apply(*op.get_if<Norm>(), {graph.constant(x)}));
  std::vector<std::int64_t> made;
  const View in[] = {x.view()}, results[] = {out.view()};
  op->decisions(in, results, [&](std::int64_t decision) { made.push_back(decision); });
  return made;
}

TEST(Norm, ReportsItsKinks) {
  const auto jumps = [](double order, const Tensor& a, const Tensor& b) {
    return decisions(order, a) != decisions(order, b);
  };
  EXPECT_TRUE(jumps(1, Tensor::of({3.0, 0.1}), Tensor::of({3.0, -0.1})));
  EXPECT_FALSE(jumps(1, Tensor::of({3.0, 0.1}), Tensor::of({0.1, 3.0})));
  EXPECT_TRUE(jumps(2, Tensor::of({0.0, 0.0}), Tensor::of({0.0, 0.1})));
  EXPECT_FALSE(jumps(2, Tensor::of({3.0, 0.1}), Tensor::of({-0.1, 3.0})));
  EXPECT_TRUE(jumps(infinity, Tensor::of({3.0, -2.9}), Tensor::of({3.0, -3.1})));
  EXPECT_TRUE(jumps(infinity, Tensor::of({0.1}), Tensor::of({-0.1})));
  EXPECT_FALSE(jumps(infinity, Tensor::of({3.0, 0.1}), Tensor::of({3.1, -0.1})));
}

TEST(Norm, RefusesOtherOrders) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}});
  EXPECT_THAT(message<ArgumentError>([&] { norm(x, 3); }),
              HasSubstr("norm: order must be 1, 2 or inf, got 3"));
  EXPECT_THAT(message<ArgumentError>([&] { norm(x, test::nan); }), HasSubstr("got nan"));
  EXPECT_THAT(message<ArgumentError>([&] { standard_deviation(x, {}, false, -1); }),
              HasSubstr("standard_deviation: ddof must not be negative"));
  EXPECT_THAT(message<ShapeError>([&] { standard_deviation(x, 0, false, 2); }),
              HasSubstr("needs more than ddof = 2 elements, got 2 in [2,3]"));
}

TEST(Norm, SquaredLosesItsSecondDerivativeAtZero) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({0.0, 0.0}));
  const auto second = [&](const Value& y) {
    return evaluate(gradient(sum(gradient(y, x)), x)).to_vector<double>();
  };
  EXPECT_THAT(second(square(norm(x))), ::testing::ElementsAre(0, 0));
  EXPECT_THAT(second(sum(square(x))), ::testing::ElementsAre(2, 2));
}

}  // namespace
}  // namespace dagrad
