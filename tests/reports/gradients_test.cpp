// How the gradient pass treats variables, independently of the ops.
#include <cmath>

#include "dagrad/dot.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/graph.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/index.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "tests/reports/support.hpp"
#include "tests/sanitized.hpp"

namespace dagrad::reports {
namespace {

// AutoGrad.jl#75: x · ∂(x + y)/∂y at y = x is wrong if perturbations are confused.
TEST(Gradients, WithinAnotherGradient) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor(5.0));
  const Value y = identity(x);
  EXPECT_TRUE(are(evaluate(gradient(x * gradient(x + y, y), x)), {1}));
}

// jax#21220: x³ by a custom gradient within a custom gradient, at 2.
TEST(Gradients, OfACustomGradientWithinAnother) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor(2.0));
  const auto inner = [](const GradContext& g) -> Grads {
    return {g.dout * 6.0 * g.in[0] * g.in[1], g.dout * 3.0 * g.in[0] * g.in[0]};
  };
  const auto outer = [&](const GradContext& g) -> Grads {
    const Value v = g.in[0];
    return {custom_gradient(3.0 * v * v * g.dout, {v, g.dout}, inner)};
  };
  const Value first = gradient(custom_gradient(x * x * x, {x}, outer), x);
  EXPECT_TRUE(are(evaluate(first), {12}));
  EXPECT_TRUE(are(evaluate(gradient(first, x)), {12}));
}

// sebgao/cTensor#5: a node on several paths passes its gradient on once: 3x²a.
TEST(Gradients, OfANodeOnSeveralPaths) {
  Graph graph;
  const Value x = graph.parameter("x", vector({1})), a = graph.constant(vector({1}));
  const Value xa = x * a, xx = x * x;
  EXPECT_TRUE(are(evaluate(gradient(sum(x * xa + xx * a + x * xa), x)), {6}));
}

// TensorFlow#37593: gradients are returned in the requested order; one is requested twice.
TEST(Gradients, InTheRequestedOrder) {
  Graph graph;
  const Value b = graph.parameter("b", Tensor(2.0)), a = graph.parameter("a", Tensor(5.0));
  EXPECT_TRUE(are(evaluate(stack(gradient(a * a * b, {a, b, a}))), {20, 25, 20}));
}

// TensorFlow#60085: atan2 of [1,1,3,3] and [3,3] has a gradient of type [3,3].
TEST(Gradients, OfABroadcastAngle) {
  Graph graph;
  const std::vector<double> ones(9, 1);
  const Value a = graph.parameter("a", Tensor({1, 1, 3, 3}, ones));
  const Value b = graph.parameter("b", Tensor({3, 3}, ones));
  const Tensor slopes = evaluate(gradient(sum(atan2(a, b)), b));
  EXPECT_EQ(slopes.shape(), Shape({3, 3}));
  EXPECT_TRUE(are(slopes, std::vector<double>(9, -0.5)));
}

// ml-explore/mlx#3612: using a value also as an index does not contribute to its gradient.
TEST(Gradients, OfAValueUsedAsAnIndex) {
  Graph graph;
  const Value x = graph.parameter("x", vector({1, 2, 3}));
  const Value s = graph.parameter("s", vector({0.2, 2.7}));
  EXPECT_TRUE(are(evaluate(gradient(sum(scatter_add(x, cast(s, i64), s, 0)), s)), {1, 1}));
}

// CasADi#2856: the Jacobian and the Hessian of x₀¹ + x₁⁰ at (0, 0).
TEST(Gradients, OfPowersZeroAndOne) {
  Graph graph;
  const Value x = graph.parameter("x", vector({0, 0}));
  const Value first = gradient(sum(pow(x, graph.constant(vector({1, 0})))), x);
  EXPECT_TRUE(are(evaluate(first), {1, 0}));
  EXPECT_TRUE(are(evaluate(gradient(sum(first), x)), {0, 0}));
}

// PyTorch#5534: 100,000 additions in a chain are built, differentiated, listed, drawn and freed.
TEST(Gradients, OfADeepChain) {
  Graph graph;
  const Value x = graph.parameter("x", vector({1}));
  Value y = identity(x);
  const int links = deep / 10;
  for (int i = 0; i < links; ++i) y = y + y * 1e-5;
  const Value slope = gradient(sum(y), x);
  EXPECT_TRUE(are(evaluate(slope), {std::pow(1 + 1e-5, links)}, 1e-8));
  EXPECT_GT(to_string(graph).size(), 10U * static_cast<std::size_t>(links));
  EXPECT_GT(to_dot(graph).size(), 10U * static_cast<std::size_t>(links));
}

}  // namespace
}  // namespace dagrad::reports
