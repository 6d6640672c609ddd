// Determinants, solutions and einsum.
#include <cmath>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/einsum.hpp"
#include "dagrad/ops/factorizations.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "tests/reports/support.hpp"

namespace dagrad::reports {
namespace {

Tensor square_matrix(const std::vector<double>& elements) { return Tensor({2, 2}, elements); }

// Enzyme.jl#1254: the slope of sum(A⁻¹b) is -u xᵀ with u = A⁻ᵀ1 and x = A⁻¹b.
TEST(Matrices, OfALinearSystem) {
  Graph graph;
  const Value a = graph.parameter("a", square_matrix({1.3, 0.5, 0.5, 1.5}));
  const Value b = graph.constant(vector({1, 2}));
  const Value l = cholesky(a);
  const Value x = triangular_solve(l, triangular_solve(l, b), {.lower = true, .transposed = true});
  EXPECT_TRUE(are(evaluate(gradient(sum(x), a)),
                  {-0.173010380622837, 0, -0.865051903114187, -0.581314878892734}, 1e-12));
  EXPECT_TRUE(are(evaluate(gradient(sum(solve(a, b)), a)),
                  {-0.173010380622837, -0.726643598615917, -0.13840830449827, -0.581314878892734},
                  1e-12));
}

// jax#1213: the sign of the determinants of a batch whose matrices have odd sizes.
TEST(Matrices, OfSignsOfDeterminants) {
  Graph graph;
  const Value a = graph.parameter("a", Tensor({2, 1, 1}, std::vector<double>{-0.01, -0.01}));
  const auto s = slogdet(a);
  EXPECT_TRUE(are(evaluate(s.sign), {-1, -1}));
  EXPECT_TRUE(are(evaluate(gradient(sum(s.log_abs), a)), {-100, -100}));
}

// mxnet#18102: the gradients of einsum are those of matmul.
TEST(Matrices, OfEinsumAsMatmul) {
  Graph graph;
  Rng rng(1);
  const Value a = graph.parameter("a", rng.normal({1, 1, 5, 3}));
  const Value b = graph.parameter("b", rng.normal({1, 1, 3, 2}));
  const Value weights = graph.constant(rng.normal({1, 1, 5, 2}));
  const auto d = gradient(sum(einsum("bnij,bnjc->bnic", {a, b}) * weights), {a, b});
  const auto e = gradient(sum(matmul(a, b) * weights), {a, b});
  EXPECT_TRUE(are(evaluate(sum(abs(d[0] - e[0])) + sum(abs(d[1] - e[1]))), {0}, 0, 1e-12));
}

// tinygrad#18229: a repeated letter not at the end.
TEST(Matrices, OfARepeatedLetter) {
  std::vector<double> elements;
  for (int i = 1; i <= 18; ++i) elements.push_back(i);
  Graph graph;
  const Value a = graph.parameter("a", Tensor({3, 3, 2}, elements));
  const Value weights = graph.constant(vector({10, 1}));
  EXPECT_TRUE(are(evaluate(einsum("iij->ij", {a})), {1, 2, 9, 10, 17, 18}));
  EXPECT_TRUE(are(evaluate(einsum("iij->i", {a})), {3, 19, 35}));
  EXPECT_TRUE(are(evaluate(einsum("iij,j->ij", {a, weights})), {10, 2, 90, 10, 170, 18}));
}

// PyTorch#15605, #22909: the gradient of a determinant is the adjugate, even for a singular matrix.
TEST(Matrices, OfADeterminant) {
  Graph graph;
  const Value a = graph.parameter("a", square_matrix({1, 2, 3, 4}));
  const auto s = slogdet(a);
  EXPECT_TRUE(are(evaluate(gradient(s.sign * exp(s.log_abs), a)), {4, -3, -2, 1}));
  const Value singular = graph.parameter("singular", square_matrix({1, 2, 2, 4}));
  EXPECT_TRUE(are(evaluate(gradient(det(singular), singular)), {4, -2, -2, 1}));
}

}  // namespace
}  // namespace dagrad::reports
