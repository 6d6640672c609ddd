// Infinities, saturation, and points where formulas lose digits.
#include <cmath>
#include <numbers>

#include "dagrad/check.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/attention.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/norm.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/scan.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "tests/reports/support.hpp"

namespace dagrad::reports {
namespace {

// PyTorch#49724: equal infinities share equally, as those of logaddexp do.
TEST(Limits, OfLogsumexpAtInfinity) {
  Graph graph;
  const Value x = graph.parameter("x", vector({infinity, 1, 2}));
  const Value y = graph.parameter("y", vector({infinity, 1, infinity}));
  EXPECT_TRUE(are(evaluate(gradient(logsumexp(x), x)), {1, 0, 0}));
  EXPECT_TRUE(are(evaluate(gradient(logsumexp(y), y)), {0.5, 0, 0.5}));
}

// stan-dev/math#646, jax#6811: one convention for all three, and never NaN.
TEST(Limits, OfLogsumexpAtMinusInfinity) {
  Graph graph;
  const Value x = graph.parameter("x", vector({-infinity, -infinity}));
  const std::vector<Value> part = split(x, 2);
  EXPECT_TRUE(are(evaluate(logsumexp(x)), {-infinity}));
  EXPECT_TRUE(are(evaluate(gradient(logsumexp(x), x)), {0.5, 0.5}));
  EXPECT_TRUE(are(evaluate(gradient(sum(logaddexp(part[0], part[1])), x)), {0.5, 0.5}));
  EXPECT_TRUE(
      are(evaluate(gradient(sum(slice(logcumsumexp(x, 0), 0, Range{1, 2})), x)), {0.5, 0.5}));
}

// tinygrad#17853: logcumsumexp of a prefix of -∞.
TEST(Limits, OfLogcumsumexpAfterMinusInfinity) {
  using std::numbers::e;
  Graph graph;
  const Value x = graph.parameter("x", vector({-infinity, -infinity, 0, 1}));
  const Value y = logcumsumexp(x, 0);
  EXPECT_TRUE(are(evaluate(y), {-infinity, -infinity, 0, std::log(1 + e)}));
  EXPECT_TRUE(are(evaluate(gradient(sum(slice(y, 0, Range{2, 4})), x)),
                  {0, 0, 1 + 1 / (1 + e), e / (1 + e)}));
}

// jax#2107: softplus and logaddexp(x, 0) at 0 have slope 1/2 and second derivative 1/4.
TEST(Limits, OfSmoothMaximaAtATie) {
  Graph graph;
  const Value x = graph.parameter("x", vector({0}));
  for (const Value& y : {softplus(x), logaddexp(x, 0.0)}) {
    const Value first = gradient(sum(y), x);
    EXPECT_TRUE(are(evaluate(first), {0.5}));
    EXPECT_TRUE(are(evaluate(gradient(sum(first), x)), {0.25}));
  }
}

// TensorFlow#126060: the slope of sigmoid at large x is exp(-x), not 0.
TEST(Limits, OfASaturatedSigmoid) {
  Graph graph;
  const Value x = graph.parameter("x", vector({40, 700}));
  EXPECT_TRUE(
      are(evaluate(gradient(sum(sigmoid(x)), x)), {std::exp(-40.0), std::exp(-700.0)}, 1e-12, 0));
}

// jax#40634: the slopes of asinh and acosh are 1 / |x| if x² overflows.
TEST(Limits, OfInverseHyperbolicFunctionsAtLargeNumbers) {
  Graph graph;
  const Value x = graph.parameter("x", narrow({1e22F, 1e30F}));
  EXPECT_TRUE(are(evaluate(gradient(sum(asinh(x)), x)), {1e-22, 1e-30}, 1e-5));
  EXPECT_TRUE(are(evaluate(gradient(sum(acosh(x)), x)), {1e-22, 1e-30}, 1e-5));
}

// PyTorch#41508, #103963: a query that may attend to nothing gives 0, with finite gradients.
TEST(Limits, OfAttentionToNothing) {
  Graph graph;
  Rng rng(1);
  const Value q = graph.parameter("q", rng.normal({3, 4}));
  const Value k = graph.parameter("k", rng.normal({3, 4}));
  const Value v = graph.parameter("v", rng.normal({3, 2}));
  const std::vector<bool> seen{true, false, true, false, false, false, true, true, true};
  const Value y = attention(q, k, v, {.mask = graph.constant(Tensor({3, 3}, seen))});
  EXPECT_TRUE(are(evaluate(slice(y, 0, Range{1, 2})), {0, 0}));
  const Value dq = gradient(sum(square(y)), q);
  EXPECT_TRUE(are(evaluate(slice(dq, 0, Range{1, 2})), {0, 0, 0, 0}));
  EXPECT_GRADIENT(y, {q, k, v});
}

// PyTorch#92075, CasADi#3898: the Hessian of exp(-norm(a - b)²) at a = b. The sum of squares gives
// it; the square of a norm gives 0, because the slope of a norm at 0 is 0 by convention, unless it
// is stabilised first.
TEST(Limits, OfASquaredNormAtZero) {
  Graph graph;
  const Value a = graph.parameter("a", vector({0.3, -1, 2}));
  const Value b = graph.parameter("b", vector({0.3, -1, 2}));
  const auto first_row = [&](const Value& y) {
    const Value first = sum(slice(gradient(y, a), 0, Range{0, 1}));
    return evaluate(gradient(first, b));
  };
  const Value n = norm(a - b);
  EXPECT_TRUE(are(first_row(exp(-n * n)), {0, 0, 0}));
  EXPECT_TRUE(are(first_row(stabilize(exp(-n * n))), {2, 0, 0}));
  EXPECT_TRUE(are(first_row(exp(-sum(square(a - b)))), {2, 0, 0}));
}

}  // namespace
}  // namespace dagrad::reports
