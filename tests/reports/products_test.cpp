// Products with zeros, and shares of a maximum.
#include "dagrad/gradient.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/scan.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "tests/reports/support.hpp"

namespace dagrad::reports {
namespace {

// PyTorch#82644: the product over an axis with a single element, 0, has slope 1.
TEST(Products, OfOneZero) {
  Graph graph;
  const Value x = graph.parameter("x", vector({0}));
  EXPECT_TRUE(are(evaluate(gradient(prod(x, 0), x)), {1}));
}

// PyTorch#106789: in the Hessian of 2 · 3 · 0 · 0, only ∂²/∂x₂∂x₃ = 6 is not 0.
TEST(Products, OfTwoZerosToSecondOrder) {
  Graph graph;
  const Value x = graph.parameter("x", vector({2, 3, 0, 0}));
  const Value first = gradient(prod(x), x);
  const std::vector<std::vector<double>> hessian{
      {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 6}, {0, 0, 6, 0}};
  for (std::int64_t i = 0; i < 4; ++i) {
    const Value row = gradient(sum(slice(first, 0, Range{i, i + 1})), x);
    EXPECT_TRUE(are(evaluate(row), hessian[static_cast<std::size_t>(i)]));
  }
}

// TensorFlow#61117: the mixed second derivative of xy at (0, 1) is 1.
TEST(Products, OfAStack) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor(0.0)), y = graph.parameter("y", Tensor(1.0));
  EXPECT_TRUE(are(evaluate(gradient(gradient(prod(stack({x, y})), x), y)), {1}));
}

// TensorFlow#119430: the gradient of sum(cumprod(x)) if x contains zeros.
TEST(Products, OfPrefixesWithZeros) {
  const auto slopes = [](const std::vector<double>& at) {
    Graph graph;
    const Value x = graph.parameter("x", vector(at));
    return evaluate(gradient(sum(cumprod(x, 0)), x));
  };
  EXPECT_TRUE(are(slopes({0, 2, 3}), {9, 0, 0}));
  EXPECT_TRUE(are(slopes({2, 3, 0}), {4, 2, 6}));
  EXPECT_TRUE(are(slopes({2, 0, 0, 3}), {1, 2, 0, 0}));
}

// tinygrad#12296: 4e7 equal float32 elements share the gradient of their maximum equally.
TEST(Maxima, OfManyEqualElements) {
  const std::int64_t n = 40'000'000;
  Graph graph;
  const Value x = graph.input("x", {f32, {n}});
  const Tensor d = evaluate(gradient(max(x), x), {{x, Tensor::full({f32, {n}}, 1)}});
  EXPECT_TRUE(are(vector({d.at(0), d.at(n - 1)}), {2.5e-8, 2.5e-8}, 1e-6, 0));
}

}  // namespace
}  // namespace dagrad::reports
