// Sparse derivatives in Eigen, whose sparse matrices use their structure and values where they are.

#include <eigen3/Eigen/SparseCholesky>
#include <eigen3/Eigen/SparseCore>

#include <gtest/gtest.h>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"

namespace dagrad {
namespace {

using Matrix = Eigen::SparseMatrix<double, Eigen::RowMajor>;

/// What the guide shows.
Eigen::Map<const Matrix> map_of(const Sparse& sparse, const Tensor& values) {
  return {sparse.pattern.rows(),    sparse.pattern.columns(), std::ssize(sparse.rows),
          sparse.row_starts.data(), sparse.columns.data(),    values.values<double>().data()};
}

Value rosenbrock(const Value& x) {
  const Value now = x[{{0, x.size() - 1}}], next = x[{{1, x.size()}}];
  return sum(100 * square(next - square(now)) + square(1 - now));
}

TEST(Eigen, TakesJacobiansAsTheyAre) {
  Graph graph;
  const Value x = graph.parameter("x", Rng(1).normal({7}));
  const Value y = concat({x[{{0, 5}}] * x[{{2, 7}}], square(x[{{1, 3}}])});
  const Sparse sparse = sparse_jacobian(y, x);
  const auto values = compile({sparse.values, jacobian(y, x)})(State(graph));
  const Eigen::MatrixXd matrix(map_of(sparse, values[0]));
  ASSERT_EQ(matrix.rows(), 7);
  for (int i = 0; i < 7; ++i)
    for (int j = 0; j < 7; ++j) EXPECT_EQ(matrix(i, j), values[1].at(i * 7 + j)) << i << " " << j;
}

TEST(Eigen, FactorizesHessians) {
  constexpr std::int64_t n = 1000;
  Graph graph;
  const Value x = graph.input("x", {f64, {n}}), y = rosenbrock(x);
  const Sparse hessian = sparse_hessian(y, x, {.triangle = Triangle::lower});
  const Function function = compile({gradient(y, x), hessian.values});
  Tensor at = Tensor::full({f64, {n}}, 1.02);
  Eigen::SimplicialLDLT<Eigen::SparseMatrix<double>, Eigen::Lower> solver;
  double slope = 1;
  for (int step = 0; step < 20 && slope > 1e-10; ++step) {
    const auto values = function({{x, at}});
    const Eigen::Map<const Eigen::VectorXd> gradient(values[0].values<double>().data(), n);
    solver.compute(Eigen::SparseMatrix<double>(map_of(hessian, values[1])));
    ASSERT_EQ(solver.info(), Eigen::Success);
    const Eigen::VectorXd move = solver.solve(gradient);
    auto to = at.mutate<double>().begin();
    for (const double each : move) *to++ -= each;
    slope = gradient.lpNorm<Eigen::Infinity>();
  }
  EXPECT_LE(slope, 1e-10);
  EXPECT_TENSOR_NEAR(at, Tensor::full({f64, {n}}, 1.0), 1e-9);
}

}  // namespace
}  // namespace dagrad
