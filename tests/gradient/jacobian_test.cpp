#include <gtest/gtest.h>

#include <cmath>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/check/random_graphs.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

std::vector<Tensor> at(const std::vector<Value>& values, const Feeds& feeds = {}) {
  return compile(values)(feeds);
}

/// A sparse matrix at the feeds, as a dense one; of one triangle, completed by symmetry.
Tensor dense(const Sparse& sparse, const Feeds& feeds = {}, bool symmetric = false) {
  const Tensor values = at({sparse.values}, feeds)[0];
  const std::int64_t columns = sparse.pattern.columns();
  Tensor matrix(Type{f64, {sparse.pattern.rows(), columns}});
  const auto elements = matrix.mutate<double>();
  for (std::size_t k = 0; k < sparse.rows.size(); ++k) {
    const std::int64_t i = sparse.rows[k], j = sparse.columns[k];
    elements[static_cast<std::size_t>(i * columns + j)] = values.at(static_cast<std::int64_t>(k));
    if (symmetric)
      elements[static_cast<std::size_t>(j * columns + i)] = values.at(static_cast<std::int64_t>(k));
  }
  return matrix.cast(values.dtype());
}

/// Broyden's tridiagonal function (Moré, Garbow and Hillstrom 1981, problem 30).
Value broyden(const Value& x) {
  const std::int64_t n = x.size();
  const Value before = pad(x[{{0, n - 1}}], {1}, {0}), after = pad(x[{{1, n}}], {0}, {1});
  return (3 - 2 * x) * x - before - 2 * after + 1;
}
/// The chained Rosenbrock function.
Value rosenbrock(const Value& x) {
  const Value head = x[{{0, -1}}], tail = x[{{1, x.size()}}];
  return sum(100 * square(tail - square(head)) + square(1 - head));
}
/// An arrow: every element with itself, and the first with all.
Value arrow(const Value& x) {
  const std::int64_t n = x.size();
  return concat({unsqueeze(sum(square(x)), 0), x[{{1, n}}] * x[{{1, n}}] * x[0]});
}

constexpr JacobianBy all_ways[] = {JacobianBy::automatic, JacobianBy::rows, JacobianBy::columns,
                                   JacobianBy::compressed};

class Jacobians : public ::testing::Test {
 protected:
  Graph graph;
  Value x = graph.constant({1.0, 2.0, 3.0});
};

TEST_F(Jacobians, HaveTheShapesOfBoth) {
  const Value m = graph.constant({{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}});
  const Value y = matmul(x, m);
  for (const JacobianBy by : all_ways) {
    EXPECT_EQ(jacobian(y, m, {.by = by}).type(), (Type{f64, {2, 3, 2}}));
    EXPECT_EQ(jacobian(sum(x), x, {.by = by}).type(), (Type{f64, {3}}));
    EXPECT_EQ(jacobian(x * x[0], x[0], {.by = by, .unconnected = Unconnected::zeros}).type(),
              (Type{f64, {3}}));
    const std::vector<Tensor> found = at({jacobian(y, x, {.by = by}), jacobian(y, m, {.by = by})});
    EXPECT_TENSOR_NEAR(found[0], Tensor::of({{1.0, 3.0, 5.0}, {2.0, 4.0, 6.0}}), 1e-14);
    EXPECT_TENSOR_NEAR(
        found[1],
        Tensor::of({{{1.0, 0.0}, {2.0, 0.0}, {3.0, 0.0}}, {{0.0, 1.0}, {0.0, 2.0}, {0.0, 3.0}}}),
        1e-14);
  }
}

TEST_F(Jacobians, OfSeveralValuesAreBlocks) {
  const Value s = graph.constant(2.0), m = graph.constant({{1.0, 2.0}});
  const std::vector<Value> ys{x * s, sum(m) * s, m}, xs{s, x, m};
  for (const JacobianBy by : all_ways) {
    const auto blocks = jacobian(ys, xs, {.by = by});
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) {
        const Value alone = jacobian(ys[i], xs[j], {.unconnected = Unconnected::zeros});
        EXPECT_EQ(blocks[i][j].type(), alone.type());
        const std::vector<Tensor> both = at({blocks[i][j], alone});
        EXPECT_TENSOR_NEAR(both[0], both[1], 1e-14) << i << ", " << j;
      }
  }
}

TEST_F(Jacobians, AreTheSameInEveryWay) {
  Graph g;
  Rng rng(4);
  const Value v = g.constant(rng.normal({20}));
  for (const Value& y : {broyden(v), arrow(v), cumsum(v, 0), roll(v, 2) * v}) {
    const std::vector<Tensor> found =
        at({jacobian(y, v, {.by = JacobianBy::rows}), jacobian(y, v, {.by = JacobianBy::columns}),
            jacobian(y, v, {.by = JacobianBy::compressed})});
    EXPECT_TENSOR_NEAR(found[1], found[0], 1e-14);
    EXPECT_TENSOR_NEAR(found[2], found[0], 1e-14);
    EXPECT_TENSOR_NEAR(dense(sparse_jacobian(y, v)), found[0], 1e-14);
  }
}

TEST_F(Jacobians, AreCompressed) {
  Graph g;
  const Value v = g.input("v", {f64, {1000}});
  EXPECT_EQ(sparse_jacobian(broyden(v), v).products, 3);
  EXPECT_EQ(sparse_jacobian(arrow(v), v).products, 3);
  EXPECT_EQ(sparse_jacobian(exp(v), v).products, 1);
  EXPECT_EQ(sparse_jacobian(sum(exp(v)), v).products, 1);
  EXPECT_EQ(sparse_jacobian(v * v[0], v).products, 2);
  EXPECT_EQ(sparse_hessian(rosenbrock(v), v).products, 3);
  EXPECT_EQ(sparse_hessian(sum(v * v[0]), v).products, 2);
}

TEST_F(Jacobians, TakeAsManyNodesForAnySize) {
  const auto nodes = [](std::int64_t n, JacobianBy by) {
    Graph g;
    const Value v = g.input("v", {f64, {n}});
    const Value y = broyden(v);
    const std::size_t before = g.size();
    jacobian(y, v, {.by = by});
    hessian(sum(square(y)), v, {.by = by});
    return g.size() - before;
  };
  for (const JacobianBy by : all_ways) EXPECT_EQ(nodes(50, by), nodes(400, by));
}

TEST_F(Jacobians, CanBeDifferentiatedAgain) {
  const Value y = x * x * x, second = jacobian(jacobian(y, x), x);
  EXPECT_EQ(second.shape(), (Shape{3, 3, 3}));
  const Tensor found = at({second})[0];
  for (int i = 0; i < 27; ++i) EXPECT_EQ(found.at(i), i % 13 == 0 ? 6.0 * (i / 13 + 1) : 0) << i;
}

TEST_F(Jacobians, OfHessians) {
  Graph g;
  Rng rng(4);
  const Value v = g.constant(rng.normal({12}));
  for (const Value& y : {rosenbrock(v), prod(v), sum(v * v[0]), logsumexp(v), sum(v)}) {
    const Tensor by_rows =
        at({jacobian(gradient(y, v), v, {.unconnected = Unconnected::zeros})})[0];
    for (const JacobianBy by : all_ways)
      EXPECT_TENSOR_NEAR(at({hessian(y, v, {.by = by})})[0], by_rows, 1e-12, 1e-12);
    for (const Triangle triangle : {Triangle::both, Triangle::lower, Triangle::upper}) {
      const Sparse sparse = sparse_hessian(y, v, {.triangle = triangle});
      EXPECT_TENSOR_NEAR(dense(sparse, {}, true), by_rows, 1e-12, 1e-12);
      for (std::size_t k = 0; k < sparse.rows.size(); ++k)
        EXPECT_TRUE(triangle == Triangle::both ||
                    (triangle == Triangle::lower ? sparse.rows[k] >= sparse.columns[k]
                                                 : sparse.rows[k] <= sparse.columns[k]));
    }
  }
  const Value s = g.constant(2.0);
  const auto blocks = hessian(sum(square(v)) * s * s, {v, s});
  EXPECT_EQ(blocks[0][1].shape(), (Shape{12}));
  EXPECT_EQ(at({blocks[1][1]})[0].item<double>(), 2 * at({sum(square(v))})[0].item<double>());
}

TEST_F(Jacobians, HaveEdges) {
  const Value none = graph.constant(Tensor(Type{f64, {0}})), s = graph.constant(3.0);
  for (const JacobianBy by : all_ways) {
    EXPECT_EQ(jacobian(none * 2.0, none, {.by = by}).shape(), (Shape{0, 0}));
    EXPECT_EQ(jacobian(sum(none), none, {.by = by}).shape(), Shape{0});
    EXPECT_EQ(at({jacobian(square(s), s, {.by = by})})[0].item<double>(), 6);
    EXPECT_EQ(at({hessian(square(s), s, {.by = by})})[0].item<double>(), 2);
    EXPECT_TENSOR_NEAR(at({jacobian(floor(x), x, {.by = by})})[0], Tensor(Type{f64, {3, 3}}), 0);
  }
  EXPECT_EQ(sparse_jacobian(floor(x), x).values.shape(), Shape{0});
  EXPECT_EQ(sparse_jacobian(none * 2.0, none).values.shape(), Shape{0});
  EXPECT_EQ(sparse_hessian(sum(x), x).pattern.entries(), 0);
}

TEST_F(Jacobians, KeepTheDtype) {
  const Value narrow = graph.constant({1.0F, 2.0F});
  const Value wide = cast(narrow, f64) * graph.constant({1.0, 3.0});
  for (const JacobianBy by : all_ways) {
    EXPECT_EQ(jacobian(square(narrow), narrow, {.by = by}).dtype(), f32);
    EXPECT_EQ(jacobian(wide, narrow, {.by = by}).dtype(), f32);
  }
}

TEST_F(Jacobians, MistakesAreExplained) {
  const Value s = graph.input("s", {f64, {}}), y = exp(x).named("y");
  x.named("x");
  const std::size_t before = graph.size();
  EXPECT_EQ(mistake<GradientError>([&] { jacobian(y, s); }),
            "jacobian: y 'y' does not depend on x 's': no path connects them; with "
            "Unconnected::zeros, the derivative is zeros");
  EXPECT_EQ(mistake<GradientError>([&] { hessian(y, x); }),
            "hessian: y 'y', float64[3], is not a scalar: give a seed of its type, or take the "
            "gradient of its sum");
  EXPECT_EQ(mistake<ArgumentError>([&] { sparse_jacobian(y, std::vector<Value>{}); }),
            "sparse_jacobian: needs at least one x");
  EXPECT_EQ(mistake<ArgumentError>([&] { jacobian(y, x, {.memory = 50}); }),
            "jacobian: the derivatives of 'y', float64[3], with respect to 'x', float64[3], need "
            "72 bytes, which is more than the 50 bytes allowed: a sparse matrix holds only what "
            "may not be zero");
  EXPECT_EQ(mistake<ArgumentError>([&] { sparse_jacobian(y, x, {.memory = 40}); }),
            "sparse_jacobian: the derivatives of 'y', float64[3], with respect to 'x', float64[3], "
            "need 48 bytes, which is more than the 40 bytes allowed");
  const Value large = graph.input("large", {f64, {3'000'000}});
  const std::string text = mistake<ArgumentError>([&] { jacobian(exp(large), large); });
  EXPECT_NE(text.find("with respect to 'large', float64[3000000], need 72.0 TB, which is more than "
                      "the "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("GB of memory: a sparse matrix holds only what may not be zero"),
            std::string::npos)
      << text;
  EXPECT_EQ(graph.size(), before + 2);  // 'large' and its exponential
  EXPECT_NO_THROW(sparse_jacobian(exp(large[{{0, 9}}]), large));
}

TEST_F(Jacobians, OfWhatIsNotDifferentiableAppendNothing) {
  const Value y = cholesky(graph.constant({{2.0, 0.0}, {0.0, 1.0}}) * x[0]);
  EXPECT_NO_THROW(jacobian(y, x));
}

TEST(RandomMatrices, AreTheSameInEveryWay) {
  for (const DType dtype : {f64, f32})
    for (int seed = 0; seed < 25; ++seed) {
      const tests::RandomGraph random = tests::random_graph(seed, {}, dtype);
      const double tolerance = dtype == f64 ? 1e-9 : 2e-3;
      JacobianOptions options{.unconnected = Unconnected::zeros};
      std::vector<Value> values;
      for (const JacobianBy by : {JacobianBy::rows, JacobianBy::columns, JacobianBy::compressed}) {
        options.by = by;
        for (const auto& row : jacobian({random.y}, random.xs, options))
          values.insert(values.end(), row.begin(), row.end());
      }
      const std::vector<Tensor> found = at(values, random.feeds);
      const std::size_t n = random.xs.size();
      for (std::size_t i = 0; i < n; ++i) {
        double largest = 1;
        for (std::int64_t e = 0; e < found[i].size(); ++e)
          if (std::isfinite(found[i].at(e))) largest = std::max(largest, std::abs(found[i].at(e)));
        EXPECT_TENSOR_NEAR(found[n + i], found[i], tolerance, tolerance * largest) << seed;
        EXPECT_TENSOR_NEAR(found[2 * n + i], found[i], tolerance, tolerance * largest) << seed;
      }
    }
}

/// The largest finite element, or 1.
double largest_of(const Tensor& tensor) {
  double largest = 1;
  for (std::int64_t e = 0; e < tensor.size(); ++e)
    if (std::isfinite(tensor.at(e))) largest = std::max(largest, std::abs(tensor.at(e)));
  return largest;
}

TEST(RandomMatrices, HessiansAreSymmetric) {
  for (const DType dtype : {f64, f32})
    for (int seed = 0; seed < 25; ++seed) {
      const tests::RandomGraph random = tests::random_graph(seed, {}, dtype);
      const double tolerance = dtype == f64 ? 1e-9 : 5e-3;
      const HessianOptions options{.by = JacobianBy::rows, .unconnected = Unconnected::zeros};
      const auto blocks = hessian(sum(random.y), random.xs, options);
      for (std::size_t i = 0; i < blocks.size(); ++i)
        for (std::size_t j = 0; j <= i; ++j) {
          const std::int64_t a = random.xs[i].size(), b = random.xs[j].size();
          const std::vector<Tensor> found =
              at({reshape(blocks[i][j], {a, b}), transpose(reshape(blocks[j][i], {b, a}))},
                 random.feeds);
          EXPECT_TENSOR_NEAR(found[0], found[1], tolerance, tolerance * largest_of(found[0]))
              << seed;
        }
    }
}

/// Puts the blocks of a matrix together.
Value joined(const std::vector<std::vector<Value>>& blocks, const std::vector<Value>& xs) {
  std::vector<Value> rows;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    std::vector<Value> row;
    for (std::size_t j = 0; j < xs.size(); ++j)
      row.push_back(reshape(blocks[i][j], {xs[i].size(), xs[j].size()}));
    rows.push_back(concat(row, 1));
  }
  return concat(rows, 0);
}

TEST(RandomMatrices, SparseHessiansAreDenseOnes) {
  for (const DType dtype : {f64, f32})
    for (int seed = 0; seed < 25; ++seed) {
      const tests::RandomGraph random = tests::random_graph(seed, {}, dtype);
      const double tolerance = dtype == f64 ? 1e-9 : 5e-3;
      const Value y = sum(random.y);
      const Value whole =
          joined(hessian(y, random.xs, {.by = JacobianBy::rows, .unconnected = Unconnected::zeros}),
                 random.xs);
      const Tensor wanted = at({whole}, random.feeds)[0];
      const double scale = tolerance * largest_of(wanted);
      for (const Triangle triangle : {Triangle::both, Triangle::lower, Triangle::upper}) {
        const Sparse sparse =
            sparse_hessian(y, random.xs, {.unconnected = Unconnected::zeros, .triangle = triangle});
        const bool completed = triangle != Triangle::both;
        EXPECT_TENSOR_NEAR(dense(sparse, random.feeds, completed), wanted, tolerance, scale)
            << seed;
      }
    }
}

}  // namespace
}  // namespace dagrad
