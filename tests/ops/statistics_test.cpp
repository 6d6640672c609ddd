#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/check.hpp"
#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/support.hpp"

/// Statistics of numbers far from 0, very large, very small or equal.
namespace dagrad {
namespace {

using test::infinity;
using Values = std::vector<Value>;
using Wide = long double;

double epsilon_of(DType dtype) {
  return dtype == f32 ? std::numeric_limits<float>::epsilon()
                      : std::numeric_limits<double>::epsilon();
}
Wide largest_of(DType dtype) {
  return dtype == f32 ? std::numeric_limits<float>::max() : std::numeric_limits<double>::max();
}
Wide smallest_of(DType dtype) {
  return dtype == f32 ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
}

/// Expected numbers. Results must agree within 8 epsilons of the largest, if that is representable.
struct Wanted {
  std::vector<Wide> numbers;
  void expect(const Tensor& got, const std::string& what) const {
    ASSERT_EQ(static_cast<std::size_t>(got.size()), numbers.size());
    Wide largest = 0;
    for (const Wide x : numbers) largest = std::max(largest, std::fabs(x));
    if (largest > largest_of(got.dtype())) return;
    const Wide bound = std::max(8 * epsilon_of(got.dtype()) * largest, smallest_of(got.dtype()));
    for (std::size_t i = 0; i < numbers.size(); ++i)
      ASSERT_LE(std::fabs(static_cast<Wide>(got.at(static_cast<std::int64_t>(i))) - numbers[i]),
                bound)
          << what << ", element " << i << ": got " << got.at(static_cast<std::int64_t>(i))
          << ", expected " << static_cast<double>(numbers[i]);
  }
};

/// Reference values of the statistics of x [groups, n, columns] over the middle axis.
struct Reference {
  Wanted variance, deviation, standardized, root_mean_square;
  Reference(const Tensor& x, std::int64_t ddof, double epsilon) {
    const std::int64_t groups = x.shape()[0], n = x.shape()[1], columns = x.shape()[2];
    standardized.numbers.resize(static_cast<std::size_t>(x.size()));
    root_mean_square = standardized;
    for (std::int64_t group = 0; group < groups; ++group)
      for (std::int64_t column = 0; column < columns; ++column) {
        const auto place = [&](std::int64_t i) {
          return static_cast<std::size_t>((group * n + i) * columns + column);
        };
        std::vector<Wide> all;
        for (std::int64_t i = 0; i < n; ++i)
          all.push_back(x.at(static_cast<std::int64_t>(place(i))));
        // Relative to one of them, since differences are nearly exact.
        const Wide origin = all[0];
        Wide mean = 0, squares = 0, size = 0;
        for (int round = 0; round < 2; ++round) {
          Wide rest = 0;
          for (const Wide v : all) rest += (v - origin) - mean;
          mean += rest / static_cast<Wide>(n);
        }
        for (const Wide v : all) {
          squares += ((v - origin) - mean) * ((v - origin) - mean);
          size += v * v / static_cast<Wide>(n);
        }
        const Wide freedom = static_cast<Wide>(n - ddof), biased = squares / static_cast<Wide>(n);
        variance.numbers.push_back(squares / freedom);
        deviation.numbers.push_back(std::sqrt(squares / freedom));
        const Wide root = std::sqrt(biased + epsilon), rms = std::sqrt(size + epsilon);
        for (std::int64_t i = 0; i < n; ++i) {
          const Wide v = all[static_cast<std::size_t>(i)];
          standardized.numbers[place(i)] = root == 0 ? 0 : ((v - origin) - mean) / root;
          root_mean_square.numbers[place(i)] = rms == 0 ? 0 : v / rms;
        }
      }
  }
};

void expect_right(const Tensor& x, std::int64_t ddof, double epsilon) {
  SCOPED_TRACE(to_string(x.type()) + ", from " + std::to_string(x.at(0)));
  Graph graph;
  const Value in = graph.constant(x);
  const Reduction over{{1}, true};
  const Values ys{variance(in, 1, true, ddof), standard_deviation(in, 1, true, ddof),
                  apply(Standardize{over, epsilon}, {in})[0],
                  apply(Standardize{over, epsilon, false}, {in})[0],
                  apply(Standardize{over, epsilon}, {in})[1]};
  const auto got = compile(ys, {.threads = 1})();
  const Reference right(x, ddof, epsilon);
  right.variance.expect(got[0], "variance");
  right.deviation.expect(got[1], "deviation");
  right.standardized.expect(got[2], "standardised");
  right.root_mean_square.expect(got[3], "by the root mean square");
  if (ddof == 0) right.variance.expect(got[4], "variance of standardize");
}

TEST(Statistics, AreRightForAnyShiftAndScale) {
  Rng rng(17);
  const auto pick = [&](std::int64_t n) { return rng.integers({}, 0, n).item<std::int64_t>(); };
  for (int i = 0; i < 400; ++i) {
    const DType dtype = i % 2 == 0 ? f32 : f64;
    const std::vector<std::int64_t> lengths{1, 2, 3, 7, 16, 63, 64, 65, 129, 300, 1100};
    const std::int64_t n = lengths[static_cast<std::size_t>(pick(11))];
    const Shape shape{1 + pick(3), n, pick(2) == 0 ? 1 : 1 + pick(20)};
    const double range = dtype == f32 ? 37 : 306;
    const double scale = std::pow(10, rng.uniform({}, -range, range).item<double>());
    // As far away as the digits allow, and farther, where few distinct numbers are left.
    const double far = std::pow(10, rng.uniform({}, -2, dtype == f32 ? 9 : 18).item<double>());
    const double shift = pick(3) == 0 || scale * far > std::pow(10, range) ? 0 : scale * far;
    const Tensor x = rng.normal(shape, shift, scale).cast(dtype);
    const double epsilons[] = {0, 1e-5, scale * scale};
    const double epsilon = epsilons[pick(3)];
    expect_right(x, n > 1 ? pick(2) : 0, std::isfinite(epsilon) ? epsilon : 0);
    if (HasFatalFailure()) return;
  }
}

/// Rows that sampling does not describe, and chunks.
TEST(Statistics, AreRightForAnyOrder) {
  for (const DType dtype : {f32, f64})
    for (const std::int64_t n : {4096, 70000})
      for (const std::int64_t columns : {1, 3}) {
        std::vector<double> ramp, step, single;
        for (std::int64_t i = 0; i < n * columns; ++i) {
          ramp.push_back(1e3 + static_cast<double>(i / columns) / static_cast<double>(n));
          step.push_back(i / columns % 1024 < 128 ? -3 : 5);
          single.push_back(i / columns == 77 ? 1 + 0x1p-20 : 1);
        }
        for (const auto& x : {ramp, step, single})
          expect_right(Tensor({1, n, columns}, x).cast(dtype), 0, 0);
      }
}

TEST(Statistics, OfReportedExamples) {
  Graph graph;
  std::vector<float> rising;
  for (int i = 0; i < 16; ++i) rising.push_back(static_cast<float>(10000 + i * 1e-3));
  const Value x = graph.constant(Tensor({1, 16}, rising));
  const Tensor y = evaluate(layer_norm(x));
  EXPECT_NEAR(y.at(0), -1.331, 5e-4);
  EXPECT_NEAR(y.at(15), 1.331, 5e-4);
  const Value far = graph.constant(Tensor::of<float>({5e7, 5e7 + 4, 5e7 + 8, 5e7 + 16}));
  EXPECT_EQ(evaluate(variance(far)).at(0), 35);
  const auto slopes = evaluate(gradient(variance(far), far));
  for (std::int64_t i = 0; i < 4; ++i)
    EXPECT_EQ(slopes.at(i), (std::vector{-3.5, -1.5, 0.5, 4.5}[static_cast<std::size_t>(i)]));
  for (const auto& [dtype, size] : {std::pair{f32, 1e30}, {f64, 1e200}, {f64, 1e-200}}) {
    const double root = std::sqrt(2.5);
    const Tensor numbers = Tensor({1, 4}, std::vector{size, -size, 2 * size, -2 * size});
    const Value extreme = graph.constant(numbers.cast(dtype));
    const NormOptions exact{.epsilon = 0};
    const Value standardized = layer_norm(extreme, exact);
    const Value cubed = standardized * standardized * standardized;
    const auto got = evaluate(
        Values{standard_deviation(extreme), layer_norm(extreme, exact), rms_norm(extreme, exact),
               gradient(standard_deviation(extreme), extreme), gradient(sum(cubed), extreme)});
    const double tolerance = 8 * epsilon_of(dtype);
    EXPECT_NEAR(got[0].at(0) / (root * size), 1, tolerance);
    for (std::int64_t i = 0; i < 4; ++i) {
      const double share = (std::vector{1.0, -1.0, 2.0, -2.0}[static_cast<std::size_t>(i)]) / root;
      EXPECT_NEAR(got[1].at(i), share, 2 * tolerance);
      EXPECT_NEAR(got[2].at(i), share, 2 * tolerance);
      EXPECT_NEAR(got[3].at(i), share / 4, tolerance);
      // 3 (y² − mean y² − y mean y³) / deviation, where mean y² is 1 and mean y³ 0.
      EXPECT_NEAR(got[4].at(i) * (root * size), 3 * (share * share - 1), 64 * tolerance);
    }
  }
}

TEST(Statistics, OfEqualElementsAreExactlyZero) {
  for (const DType dtype : {f32, f64})
    for (const double value : {0.7, 100000.1, 1e-300, -3e38, 0.0})
      for (const Shape& shape :
           {Shape{1, 6, 1}, Shape{3, 7, 1}, Shape{2, 300, 5}, Shape{1, 70000, 1}}) {
        Graph graph;
        const Value x = graph.constant(Tensor::full({f64, shape}, value).cast(dtype));
        const Reduction over{{1}, true};
        for (const double epsilon : {0.0, 1e-5}) {
          const auto got = evaluate(Values{variance(x, 1), standard_deviation(x, 1),
                                           apply(Standardize{over, epsilon}, {x})[0],
                                           gradient(sum(standard_deviation(x, 1)), x)});
          for (const Tensor& tensor : got)
            for (std::int64_t i = 0; i < tensor.size(); ++i)
              ASSERT_EQ(tensor.at(i), 0) << value << to_string(x.type());
        }
      }
}

TEST(Statistics, OfEqualElementsHaveGradientZeroWithoutEpsilon) {
  Graph graph;
  const Value x = graph.constant(Tensor::full({f64, {2, 6}}, 0.7));
  const Value seed = graph.constant(Rng(1).normal({2, 6}));
  for (const Value& y : {layer_norm(x, {.epsilon = 0}), standard_deviation(x, -1, true) * seed,
                         rms_norm(0 * x, {.epsilon = 0})}) {
    const Value first = gradient(y, x, {.seed = seed});
    const Value second = gradient(sum(first * seed), x);
    for (const Tensor& tensor : evaluate(Values{first, second}))
      for (std::int64_t i = 0; i < tensor.size(); ++i) EXPECT_EQ(tensor.at(i), 0);
  }
  // With an epsilon, it is smooth there.
  const Value y = layer_norm(x, {.epsilon = 0.25});
  EXPECT_GRADIENT(sum(y * seed), {x});
  const Value square = sum(variance(x, -1));
  EXPECT_GRADIENT(sum(gradient(square, x) * seed), {x});
}

TEST(Statistics, HaveTheSameBitsBesideDifficultOnes) {
  Rng rng(3);
  for (const DType dtype : {f32, f64}) {
    const Tensor calm = rng.normal({200, 4}, 0, 1, dtype);
    Tensor wild = rng.normal({200, 4}, 0, 1, dtype);
    for (std::int64_t i = 0; i < 200; ++i)
      for (const std::int64_t column : {0, 2}) {
        const auto at = static_cast<std::size_t>(4 * i + column);
        if (dtype == f32)
          wild.mutate<float>()[at] = column == 0 ? 3.0F : 1e25F * static_cast<float>(i % 3);
        else
          wild.mutate<double>()[at] = column == 0 ? 3.0 : 1e250 * static_cast<double>(i % 3);
      }
    for (std::int64_t i = 0; i < 200; ++i)
      for (const std::int64_t column : {1, 3}) {
        const auto at = static_cast<std::size_t>(4 * i + column);
        if (dtype == f32)
          wild.mutate<float>()[at] = static_cast<float>(calm.at(static_cast<std::int64_t>(at)));
        else
          wild.mutate<double>()[at] = calm.at(static_cast<std::int64_t>(at));
      }
    Graph graph;
    const auto of = [&](const Tensor& x) {
      const Value in = graph.constant(x);
      return evaluate(Values{variance(in, 0), apply(Standardize{{{0}}, 0}, {in})[0]});
    };
    const auto a = of(calm), b = of(wild);
    for (std::int64_t i = 0; i < 804; ++i) {
      const Tensor &one = a[i < 4 ? 0 : 1], &other = b[i < 4 ? 0 : 1];
      const std::int64_t at = i < 4 ? i : i - 4;
      if (at % 2 == 1) {
        ASSERT_EQ(one.at(at), other.at(at));
      }
    }
  }
}

TEST(Statistics, OfBatchesAreRightFarFromZero) {
  Graph graph;
  Rng rng(8);
  for (const DType dtype : {f32, f64}) {
    const double shift = dtype == f32 ? 1e5 : 1e12;
    const Tensor x = rng.normal({6, 3, 5}, shift, 1).cast(dtype);
    const auto filled = [&](double v) { return graph.constant(Tensor::full({dtype, {3}}, v)); };
    const auto y = batch_norm(graph.constant(x), filled(1), filled(0), filled(0), filled(0),
                              {.momentum = 1, .epsilon = 0});
    const Tensor grouped = evaluate(group_norm(graph.constant(x), 1, 0));
    const auto got = evaluate(Values{y.out, y.variance, y.mean});
    // Channel by channel; the channel axis comes first.
    std::vector<double> channels;
    for (std::int64_t c = 0; c < 3; ++c)
      for (std::int64_t i = 0; i < 30; ++i) channels.push_back(x.at((i / 5 * 3 + c) * 5 + i % 5));
    const Reference batch(Tensor({3, 30, 1}, channels), 1, 0);
    Wanted out;
    out.numbers.resize(90);
    for (std::size_t i = 0; i < 90; ++i)
      out.numbers[(i % 30 / 5 * 3 + i / 30) * 5 + i % 5] = batch.standardized.numbers[i];
    out.expect(got[0], "batch_norm");
    batch.variance.expect(got[1], "running variance");
    EXPECT_NEAR(got[2].at(0) / shift, 1, 1e-4);
    const Reference groups(Tensor({6, 15, 1}, x.cast(f64).to_vector<double>()), 0, 0);
    groups.standardized.expect(grouped, "group_norm");
  }
}

TEST(Statistics, OfNanAndInfinity) {
  Graph graph;
  const Value x = graph.constant(
      Tensor::of({{1.0, infinity}, {test::nan, 2.0}, {1.0, 3.0}, {infinity, infinity}}));
  const auto got = evaluate(Values{variance(x, 1), layer_norm(x), rms_norm(x)});
  for (std::int64_t row = 0; row < 4; ++row) {
    EXPECT_EQ(std::isnan(got[0].at(row)), row != 2) << row;
    EXPECT_EQ(std::isnan(got[1].at(2 * row)), row != 2) << row;
  }
  EXPECT_EQ(got[2].at(0), 0);
  EXPECT_TRUE(std::isnan(got[2].at(1)) && std::isnan(got[2].at(2)) && std::isnan(got[2].at(3)));
}

}  // namespace
}  // namespace dagrad
