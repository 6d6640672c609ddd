// The branch not taken does not affect gradients.
#include <cmath>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/norm.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "tests/reports/support.hpp"

namespace dagrad::reports {
namespace {

/// The gradient of the sum of f(x).
template <class F>
Tensor slopes(const Tensor& at, F f) {
  Graph graph;
  const Value x = graph.parameter("x", at);
  return evaluate(gradient(sum(f(x)), x));
}

// ForwardDiff.jl#287: log(1 / max(1e-20, x)) is constant at 0.
TEST(DeadBranches, OfABoundBelowALogarithm) {
  const Tensor zero = narrow({0});
  EXPECT_TRUE(are(slopes(zero, [](auto x) { return log(1.0 / maximum(x, 1e-20)); }), {0}));
  EXPECT_TRUE(are(slopes(zero, [](auto x) { return log(1.0 / clamp(x, 1e-20, 1.0)); }), {0}));

  const Tensor both = vector({-1, 4});
  const auto root = [](auto x) { return sqrt(relu(x)); };
  const auto logarithm = [](auto x) { return log(maximum(x, 0.0)); };
  const auto reciprocal = [](auto x) { return 1.0 / maximum(x, 1e-300); };
  const auto power = [](auto x) { return pow(clamp(x, 0.0, 9.0), 0.5); };
  EXPECT_TRUE(are(slopes(both, root), {0, 0.25}));
  EXPECT_TRUE(are(slopes(both, logarithm), {0, 0.25}));
  EXPECT_TRUE(are(slopes(both, reciprocal), {0, -1.0 / 16}));
  EXPECT_TRUE(are(slopes(both, power), {0, 0.25}));
}

// PyTorch#10729: exp(x) clipped at 1, at an x where exp(x) is infinite.
TEST(DeadBranches, OfABoundAboveAnInfiniteExponential) {
  const Tensor x = narrow({-5, 90, 100});
  const std::vector<double> right{std::exp(-5.0), 0, 0};
  EXPECT_TRUE(are(slopes(x, [](auto v) { return clamp(exp(v), 0.0, 1.0); }), right, 1e-6));
  EXPECT_TRUE(are(slopes(x, [](auto v) { return minimum(exp(v), 1.0); }), right, 1e-6));
}

TEST(DeadBranches, OfALargestElementUnderAnInfiniteCotangent) {
  Graph graph;
  const Value x = graph.parameter("x", vector({1, 2}));
  const Value seed = graph.constant(Tensor(infinity));
  EXPECT_TRUE(are(evaluate(gradient(max(x), x, {.seed = seed})), {0, infinity}));
  EXPECT_TRUE(are(evaluate(gradient(norm(x, infinity), x, {.seed = seed})), {0, infinity}));
}

// jax#37821: maximum and relu decide correctly between subnormal numbers and 0.
TEST(DeadBranches, OfSubnormalNumbers) {
  for (const float v : {1e-45F, -1e-45F}) {
    const std::vector<double> right{v > 0 ? 1.0 : 0.0};
    EXPECT_TRUE(are(slopes(narrow({v}), [](auto x) { return maximum(x, 0.0); }), right));
    EXPECT_TRUE(are(slopes(narrow({v}), [](auto x) { return relu(x); }), right));
  }
}

// ml-explore/mlx#3668: max(sqrt(x² + y²), ε) at the origin.
TEST(DeadBranches, OfALengthWithALowerBound) {
  Graph graph;
  const Value x = graph.parameter("x", vector({0, 3})), y = graph.parameter("y", vector({0, 4}));
  const Value length = maximum(sqrt(x * x + y * y), 1e-10);
  EXPECT_TRUE(are(evaluate(gradient(sum(length), x)), {0, 0.6}));
}

// peterdsharpe/NeuralFoil#10: 1 / (1 + exp(-x)) at very negative x, to second order.
TEST(DeadBranches, OfALogisticWrittenByHand) {
  Graph graph;
  const Value x = graph.parameter("x", vector({-800, -1.15e4}));
  const Value first = gradient(sum(1.0 / (1.0 + exp(-x))), x);
  EXPECT_TRUE(are(evaluate(first), {0, 0}));
  EXPECT_TRUE(are(evaluate(gradient(sum(first), x)), {0, 0}));
}

}  // namespace
}  // namespace dagrad::reports
