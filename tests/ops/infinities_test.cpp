#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/loss.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/norm.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/scan.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/training.hpp"
#include "tests/ops/support.hpp"

/// Equal infinities share equally: values, gradients and second derivatives at infinite elements.
namespace dagrad {
namespace {

using test::infinity;
using test::nan;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

/// Within the precision of float32.
auto about(double x) { return ::testing::DoubleNear(x, 1e-7); }

struct AtInfinity : ::testing::TestWithParam<DType> {
  using Build = std::function<Value(const Value&)>;

  std::vector<double> numbers(const Value& value) {
    return evaluate(value).cast(f64).to_vector<double>();
  }
  Value constant(const Tensor& tensor) {
    return graph.constant(is_float(tensor.dtype()) ? tensor.cast(GetParam()) : tensor);
  }
  Value parameter(const Tensor& x) {
    return graph.parameter("x" + std::to_string(graph.size()), x.cast(GetParam()));
  }
  std::vector<double> value(const Build& build, const Tensor& x) {
    return numbers(build(parameter(x)));
  }
  /// The gradient of the sum.
  std::vector<double> slope(const Build& build, const Tensor& x) {
    const Value at = parameter(x);
    return numbers(gradient(sum(build(at)), at));
  }
  /// The derivatives of one element of the gradient.
  std::vector<double> second(const Build& build, const Tensor& x, std::int64_t element) {
    const Value at = parameter(x);
    Tensor chosen({f64, x.shape()});
    chosen.mutate<double>()[static_cast<std::size_t>(element)] = 1;
    const Value first = gradient(sum(build(at)), at);
    return numbers(gradient(sum(first * constant(chosen)), at));
  }
  static bool all_nan(const std::vector<double>& x) {
    return std::all_of(x.begin(), x.end(), [](double element) { return std::isnan(element); });
  }

  Graph graph;
};

TEST_P(AtInfinity, LogSumExpSharesItsSlope) {
  const Build all = [](const Value& x) { return logsumexp(x); };
  for (const double both : {-infinity, infinity}) {
    const Tensor x = Tensor::of({both, both});
    EXPECT_THAT(value(all, x), ElementsAre(both));
    EXPECT_THAT(slope(all, x), ElementsAre(0.5, 0.5));
    EXPECT_THAT(second(all, x, 0), ElementsAre(0.25, -0.25));
  }
  const Tensor one = Tensor::of({infinity, 1.0, 2.0});
  EXPECT_THAT(slope(all, one), ElementsAre(1, 0, 0));
  for (const std::int64_t element : {0, 1}) EXPECT_THAT(second(all, one, element), Each(0));
  EXPECT_THAT(slope(all, Tensor::of({infinity, -infinity, 1.0, infinity})),
              ElementsAre(0.5, 0, 0, 0.5));
  EXPECT_THAT(slope(all, Tensor::of({-infinity, 3.0})), ElementsAre(0, 1));
  EXPECT_TRUE(all_nan(slope(all, Tensor::of({infinity, nan}))));
}

TEST_P(AtInfinity, LogSumExpSharesItsSlopeAlongAnyAxes) {
  const Tensor x = Tensor::of({{infinity, 1.0, -infinity}, {infinity, infinity, -infinity}});
  const Build down = [](const Value& v) { return logsumexp(v, 0); };
  EXPECT_THAT(slope(down, x), ElementsAre(0.5, 0, 0.5, 0.5, 1, 0.5));
  const Build across = [](const Value& v) { return logsumexp(v, 1, true); };
  EXPECT_THAT(slope(across, x), ElementsAre(1, 0, 0, 0.5, 0.5, 0));
  const Build over_both = [](const Value& v) { return logsumexp(v, {0, 1}); };
  EXPECT_THAT(slope(over_both, x), ElementsAreArray({about(1.0 / 3), about(0), about(0),
                                                     about(1.0 / 3), about(1.0 / 3), about(0)}));
}

TEST_P(AtInfinity, EveryPrefixOfLogCumSumExpSharesItsSlope) {
  const auto result = [&](std::int64_t i, const ScanOptions& options = {}) {
    return [i, options](const Value& v) {
      return slice(logcumsumexp(v, -1, options), v.rank() - 1, {i, i + 1});
    };
  };
  const Tensor x = Tensor::of({-infinity, -infinity, 1.0, infinity, infinity, 2.0});
  EXPECT_THAT(slope(result(0), x), ElementsAre(1, 0, 0, 0, 0, 0));
  EXPECT_THAT(slope(result(1), x), ElementsAre(0.5, 0.5, 0, 0, 0, 0));
  EXPECT_THAT(slope(result(2), x), ElementsAre(0, 0, 1, 0, 0, 0));
  EXPECT_THAT(slope(result(3), x), ElementsAre(0, 0, 0, 1, 0, 0));
  for (const std::int64_t i : {4, 5})
    EXPECT_THAT(slope(result(i), x), ElementsAre(0, 0, 0, 0.5, 0.5, 0)) << i;
  EXPECT_THAT(slope(result(2, {.exclusive = true}), x), ElementsAre(0.5, 0.5, 0, 0, 0, 0));
  EXPECT_THAT(slope(result(0, {.reverse = true}), x), ElementsAre(0, 0, 0, 0.5, 0.5, 0));
  EXPECT_THAT(second(result(1), x, 0), ElementsAre(0.25, -0.25, 0, 0, 0, 0));
  EXPECT_THAT(slope(result(1), Tensor::of({{infinity, infinity}, {0.0, -infinity}})),
              ElementsAre(0.5, 0.5, 1, 0));
}

TEST_P(AtInfinity, SoftmaxIsShared) {
  for (const std::int64_t axis : {0, 1}) {
    const Build p = [&](const Value& v) { return softmax(axis == 1 ? v : transpose(v), axis); };
    const Build log_p = [&](const Value& v) {
      return log_softmax(axis == 1 ? v : transpose(v), axis);
    };
    const Tensor one = Tensor::of({{infinity, 1.0, 2.0}});
    EXPECT_THAT(value(p, one), ElementsAre(1, 0, 0));
    EXPECT_THAT(value(log_p, one), ElementsAre(0, -infinity, -infinity));
    EXPECT_THAT(slope([&](const Value& v) { return square(p(v)); }, one), Each(0));
    EXPECT_THAT(second([&](const Value& v) { return square(p(v)); }, one, 0), Each(0));
    EXPECT_THAT(slope(log_p, one), ElementsAre(-2, 1, 1));
    const Tensor two = Tensor::of({{infinity, 1.0, infinity}});
    EXPECT_THAT(value(p, two), ElementsAre(0.5, 0, 0.5));
    EXPECT_THAT(slope([&](const Value& v) { return square(p(v)) / 2; }, two), Each(0));
    EXPECT_THAT(value([&](const Value& v) { return exp(log_p(v)); }, two),
                ElementsAre(about(0.5), about(0), about(0.5)));
    EXPECT_TRUE(all_nan(value(p, Tensor::of({{-infinity, -infinity}}))));
    EXPECT_TRUE(all_nan(value(p, Tensor::of({{infinity, nan}}))));
  }
}

TEST_P(AtInfinity, SoftmaxOfLongRowsIsShared) {
  std::vector<double> row(3000);
  row[7] = row[2500] = infinity;
  const std::vector<double> p =
      value([](const Value& v) { return softmax(v); }, Tensor({3000}, row));
  EXPECT_EQ(p[7], 0.5);
  EXPECT_EQ(p[2500], 0.5);
  EXPECT_EQ(std::count(p.begin(), p.end(), 0.0), 2998);
}

TEST_P(AtInfinity, EuclideanNormHasTheSlopeOfADirection) {
  const Build length = [](const Value& v) { return norm(v); };
  const Tensor one = Tensor::of({infinity, 1.0});
  EXPECT_THAT(value(length, one), ElementsAre(infinity));
  EXPECT_THAT(slope(length, one), ElementsAre(1, 0));
  for (const std::int64_t element : {0, 1}) EXPECT_THAT(second(length, one, element), Each(0));
  EXPECT_THAT(slope(length, Tensor::of({1.0, -infinity, 0.0})), ElementsAre(0, -1, 0));
  const double half = std::sqrt(0.5);
  EXPECT_THAT(slope(length, Tensor::of({infinity, 1.0, -infinity})),
              ElementsAreArray({about(half), about(0), about(-half)}));
  EXPECT_THAT(slope([](const Value& v) { return norm(v, 2, 0); },
                    Tensor::of({{infinity, 3.0}, {2.0, 4.0}})),
              ElementsAreArray({about(1), about(0.6), about(0), about(0.8)}));
  EXPECT_TRUE(all_nan(slope(length, Tensor::of({infinity, nan}))));
}

TEST_P(AtInfinity, GlobalNormHasTheSlopeOfADirection) {
  const Value x = parameter(Tensor::of({{infinity, 1.0}, {2.0, 3.0}})),
              y = graph.parameter("y", Tensor::of({-infinity, 4.0}));
  const Value length = global_norm(std::vector{x, y});
  const std::vector<Value> slopes = gradient(length, std::vector{x, y});
  EXPECT_THAT(numbers(slopes[0]), ElementsAre(about(std::sqrt(0.5)), 0, 0, 0));
  EXPECT_THAT(numbers(slopes[1]), ElementsAre(about(-std::sqrt(0.5)), 0));
}

TEST_P(AtInfinity, CrossEntropyOfACertainTargetIsZero) {
  const Tensor logits = Tensor::of({{infinity, 1.0, 2.0}, {-infinity, -infinity, 3.0}});
  const Value indices = constant(Tensor::of<std::int64_t>({0, 2}));
  const Value certain = constant(Tensor::of({{1.0, 0.0, 0.0}, {0.0, 0.0, 1.0}}));
  const std::vector<Build> losses = {
      [&](const Value& x) { return cross_entropy(x, indices); },
      [&](const Value& x) { return cross_entropy(x, certain); },
      [&](const Value& x) { return nll(log_softmax(x), indices); },
      [&](const Value& x) { return kl_divergence(log_softmax(x), certain); }};
  for (const Build& loss : losses) {
    EXPECT_THAT(value(loss, logits), Each(0));
    EXPECT_THAT(slope(loss, logits), Each(0));
    for (const std::int64_t element : {0, 5}) EXPECT_THAT(second(loss, logits, element), Each(0));
  }
  // Any other target has an infinite loss.
  const Value wrong = constant(Tensor::of<std::int64_t>({1, 2}));
  const Build loss = [&](const Value& x) { return 2 * cross_entropy(x, wrong); };
  EXPECT_THAT(value(loss, logits), ElementsAre(infinity));
  EXPECT_THAT(slope(loss, logits), ElementsAre(1, -1, 0, 0, 0, 0));
}

TEST_P(AtInfinity, BinaryCrossEntropyOfACertainTargetIsZero) {
  const Value target = constant(Tensor::of({1.0, 0.0, 0.25, 0.25}));
  const Build loss = [&](const Value& x) { return binary_cross_entropy_with_logits(x, target); };
  const Tensor x = Tensor::of({infinity, -infinity, infinity, -infinity});
  EXPECT_THAT(value(loss, x), ElementsAre(0, 0, infinity, infinity));
  EXPECT_THAT(slope(loss, x), ElementsAre(0, 0, 0.75, -0.25));
  EXPECT_THAT(second(loss, x, 0), Each(0));
  const Build by_target = [&](const Value& y) {
    return binary_cross_entropy_with_logits(constant(x), y);
  };
  EXPECT_THAT(slope(by_target, Tensor::of({1.0, 0.0, 1.0, 1.0})),
              ElementsAre(-infinity, infinity, -infinity, infinity));
}

INSTANTIATE_TEST_SUITE_P(Floats, AtInfinity, ::testing::Values(f64, f32),
                         [](const auto& tested) { return std::string(name(tested.param)); });

}  // namespace
}  // namespace dagrad
