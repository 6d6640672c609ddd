#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "dagrad/ops/training.hpp"
#include "dagrad/optimizers.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using Numbers = std::vector<double>;
constexpr double infinity = std::numeric_limits<double>::infinity(), nan = NAN;

/// The clipped gradients, then the norm.
std::vector<Tensor> clipped(const std::vector<Tensor>& gradients, double max_norm) {
  Graph graph;
  std::vector<Value> values;
  for (const Tensor& gradient : gradients) values.push_back(graph.constant(gradient));
  const Clipped clipped = clip_by_global_norm(values, max_norm);
  std::vector<Value> fetches = clipped.gradients;
  fetches.push_back(clipped.norm);
  return evaluate(fetches);
}

void expect_same(const Tensor& got, const Tensor& wanted) {
  EXPECT_TRUE(compare(got, wanted, 1e-15).close) << got << " instead of " << wanted;
}

TEST(ClipByGlobalNorm, ScalesAllByOneFactor) {
  const auto got = clipped({Tensor::of({3.0, 0.0}), Tensor({2, 1}, {0.0, -4.0})}, 1);
  expect_same(got[0], Tensor::of({0.6, 0.0}));
  expect_same(got[1], Tensor({2, 1}, {0.0, -0.8}));
  expect_same(got[2], Tensor(5.0));
}

TEST(ClipByGlobalNorm, KeepsGradientsWithinBounds) {
  for (const double most : {5.0, 6.0, 1e300}) {
    const Tensor gradient = Tensor::of({3.0, -4.0});
    EXPECT_TRUE(same_bits(clipped({gradient}, most)[0], gradient));
  }
  EXPECT_TRUE(same_bits(clipped({Tensor::of({0.0, -0.0})}, 1)[0], Tensor::of({0.0, -0.0})));
}

TEST(ClipByGlobalNorm, OfNaNAndInfinity) {
  for (const double value :
       clipped({Tensor::of({1.0, nan}), Tensor(infinity)}, 1)[0].to_vector<double>())
    EXPECT_TRUE(std::isnan(value));
  const auto got = clipped({Tensor::of({1.0, -infinity})}, 1);
  expect_same(got[0], Tensor::of({0.0, nan}));
  expect_same(got[1], Tensor(infinity));
}

TEST(ClipByGlobalNorm, DoesNotOverflowUnnecessarily) {
  auto got = clipped({Tensor::of({3e30F, 4e30F})}, 1);
  EXPECT_TRUE(compare(got[0], Tensor::of({0.6F, 0.8F}), 1e-6).close) << got[0];
  EXPECT_EQ(got[1].item<float>(), 5e30F);
  got = clipped({Tensor::of({3e300, 4e300})}, 1);
  expect_same(got[0], Tensor::of({0.6, 0.8}));
  got = clipped({Tensor::of({3e-200, 4e-200})}, 1e-200);
  EXPECT_NEAR(got[0].at(1) / 8e-201, 1, 1e-14);
}

TEST(ClipByGlobalNorm, MixesDtypes) {
  const auto got = clipped({Tensor::of({3.0F}), Tensor::of({4.0})}, 1);
  EXPECT_TRUE(compare(got[0], Tensor::of({0.6F}), 1e-7).close);
  expect_same(got[1], Tensor::of({0.8}));
  EXPECT_EQ(got[2].dtype(), f64);
}

TEST(ClipByGlobalNorm, AcceptsABoundThatIsAValue) {
  Graph graph;
  const std::vector<Value> gradients{graph.constant(Tensor::of({3.0, 4.0}))};
  const Value most = graph.input("most", {f32, {}});
  const Clipped clipped = clip_by_global_norm(gradients, most);
  expect_same(evaluate(clipped.gradients[0], {{most, Tensor(2.5F)}}), Tensor::of({1.5, 2.0}));
}

TEST(ClipByGlobalNorm, AcceptsAValueOfZero) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), most = graph.input("most", {f64, {}});
  const Clipped clipped = clip_by_global_norm({&x, 1}, most);
  const auto by = [&](const Tensor& gradient, double bound) {
    return evaluate(clipped.gradients[0], {{x, gradient}, {most, Tensor(bound)}});
  };
  expect_same(by(Tensor::of({0.0, -0.0}), 0), Tensor::of({0.0, -0.0}));  // not 0 / 0
  expect_same(by(Tensor::of({3.0, -4.0}), 0), Tensor::of({0.0, -0.0}));
  EXPECT_TRUE(std::isnan(by(Tensor::of({nan, 1.0}), 0).at(1)));
  const Tensor infinite = by(Tensor::of({infinity, 1.0}), 0);
  EXPECT_TRUE(std::isnan(infinite.at(0)));
  EXPECT_EQ(infinite.at(1), 0);
}

TEST(ClipByGlobalNorm, RefusesBadArguments) {
  Graph graph;
  const std::vector<Value> gradients{graph.input("x", {f64, {2}})},
      ints{graph.input("i", {i64, {}})};
  const std::size_t before = graph.size();
  EXPECT_THROWS_HERE(clip_by_global_norm(gradients, 0), ArgumentError,
                     "clip_by_global_norm: max_norm must be positive and finite, got 0");
  EXPECT_THROWS_HERE(clip_by_global_norm(gradients, infinity), ArgumentError,
                     "clip_by_global_norm: max_norm must be positive and finite, got inf");
  EXPECT_THROWS_HERE(clip_by_global_norm({}, 1), ArgumentError,
                     "clip_by_global_norm: needs at least one gradient");
  EXPECT_THROWS_HERE(
      clip_by_global_norm(gradients, gradients[0]), ShapeError,
      "clip_by_global_norm: max_norm must be a number or a float scalar, got float64[2]");
  EXPECT_THROW(clip_by_global_norm(ints, 1), TypeError);
  EXPECT_THROWS(global_norm({}), ArgumentError, "global_norm: needs at least one value");
  EXPECT_EQ(graph.size(), before);
}

TEST(GlobalNorm, OfLargeTensorsHasTheSameBitsOnAnyNumberOfThreads) {
  Graph graph;
  const std::int64_t n = 100'003;
  const std::vector<Value> values{graph.constant(Tensor::full({f32, {n}}, 0.5)),
                                  graph.constant(Tensor::full({f64, {3, n}}, 0.25))};
  const Value norm = global_norm(values);
  const double wanted = std::sqrt(static_cast<double>(n) * (0.25 + 3 * 0.0625));
  const Tensor one = compile({norm}, {.threads = 1})()[0], all = compile({norm})()[0];
  EXPECT_TRUE(same_bits(one, all));
  EXPECT_NEAR(one.item<double>(), wanted, 1e-10);
}

TEST(ClipByValue, ClampsEachElement) {
  Graph graph;
  const std::vector<Value> gradients{graph.constant(Tensor::of({-3.0, 0.5, infinity})),
                                     graph.constant(Tensor(nan))};
  const auto got = evaluate(clip_by_value(gradients, -1, 2));
  expect_same(got[0], Tensor::of({-1.0, 0.5, 2.0}));
  expect_same(got[1], Tensor(nan));
  const std::size_t before = graph.size();
  EXPECT_THROW(clip_by_value(gradients, 2, -1), ArgumentError);
  EXPECT_EQ(graph.size(), before);
  EXPECT_TRUE(clip_by_value({}, -1, 1).empty());
}

}  // namespace
}  // namespace dagrad
