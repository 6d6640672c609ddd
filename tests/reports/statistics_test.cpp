// Means and deviations of numbers far from 0 or of extreme magnitude, and their derivatives.
#include <cmath>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "tests/reports/support.hpp"

namespace dagrad::reports {
namespace {

// burn#5607: layer_norm in float32 of a row with a large mean, and of equal elements.
TEST(Statistics, OfARowWithALargeMean) {
  std::vector<float> row;
  for (int i = 0; i < 16; ++i) row.push_back(static_cast<float>(10000 + i * 1e-3));
  double mean = 0, variance = 0;
  for (const float v : row) mean += v / 16.0;
  for (const float v : row) variance += (v - mean) * (v - mean) / 16;
  std::vector<double> right;
  for (const float v : row) right.push_back((v - mean) / std::sqrt(variance + 1e-5));

  Graph graph;
  const Value x = graph.parameter("x", Tensor({1, 16}, row));
  EXPECT_TRUE(are(evaluate(layer_norm(x)), right, 0, 5e-3));
}

TEST(Statistics, OfEqualElements) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor({1, 7}, std::vector<float>(7, 100000.1F)));
  EXPECT_TRUE(are(evaluate(layer_norm(x)), std::vector<double>(7, 0.0), 0, 1e-6));
}

// PyTorch#162489: the squares of these numbers are infinite or 0.
TEST(Statistics, OfExtremeNumbers) {
  const double s = std::sqrt(2.5);
  const std::vector<double> right{1 / s, -1 / s, 2 / s, -2 / s};
  Graph graph;
  const Value x =
      graph.parameter("x", Tensor({1, 4}, std::vector<float>{1e30F, -1e30F, 2e30F, -2e30F}));
  EXPECT_TRUE(are(evaluate(layer_norm(x)), right, 1e-5));
  EXPECT_TRUE(are(evaluate(rms_norm(x)), right, 1e-5));

  const Value tiny = graph.parameter("tiny", vector({1e-200, -1e-200, 2e-200, -2e-200}));
  EXPECT_TRUE(are(evaluate(standard_deviation(tiny)), {s * 1e-200}, 1e-12, 0));
}

// PyTorch#196699, #186256: derivatives of batch_norm in training up to order 4 (values from
// mpmath).
TEST(Statistics, OfABatchToFourthOrder) {
  Graph graph;
  const Value t = graph.parameter("t", Tensor(-6.0));
  std::vector<Value> elements;
  for (int i = 0; i < 8; ++i) {
    elements.push_back((i + 1.0) * t + static_cast<double>(i % 3 - 1) * t * t +
                       static_cast<double>(i));
  }
  const auto constant = [&](const std::vector<double>& v) { return graph.constant(vector(v)); };
  const auto batch =
      batch_norm(reshape(stack(elements), {2, 2, 2}), constant({1.5, -0.5}), constant({0.25, 1}),
                 constant({0, 0}), constant({1, 1}), {0.1, 0.25});
  const Tensor weights({2, 2, 2}, std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8});
  Value y = sum(batch.out * graph.constant(weights));
  for (const double right : {36.168777566306485, -0.44963206471575353, -0.20703015646993196,
                             -0.12088220653249108, -0.080871890259202167}) {
    EXPECT_TRUE(are(evaluate(y), {right}, 1e-8));
    y = gradient(y, t);
  }
}

// PyTorch#196700: layer_norm of (t, 0) with epsilon 1/4 and scale (1, 2), which is
// -t / sqrt(1 + t²), at t = 0.7.
TEST(Statistics, OfARowToSecondOrder) {
  Graph graph;
  const Value t = graph.parameter("t", Tensor(0.7));
  const Value row = reshape(stack({t, graph.constant(Tensor(0.0))}), {1, 2});
  Value y = sum(layer_norm(row, graph.constant(vector({1, 2})), graph.constant(vector({0, 0})),
                           NormOptions{1, 0.25}));
  for (const double right : {-0.57346234436332833, -0.54982008088526206, 0.77491420795909418}) {
    EXPECT_TRUE(are(evaluate(y), {right}));
    y = gradient(y, t);
  }
}

}  // namespace
}  // namespace dagrad::reports
