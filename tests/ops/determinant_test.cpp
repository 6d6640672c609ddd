#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "dagrad/gtest.hpp"
#include "dagrad/ops/factorizations.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::infinity;
using test::message;
using test::nan;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

using Matrix = std::vector<std::vector<long double>>;

Matrix without(const Matrix& a, std::size_t row, std::size_t column) {
  Matrix rest;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (i == row) continue;
    rest.push_back(a[i]);
    rest.back().erase(rest.back().begin() + static_cast<std::ptrdiff_t>(column));
  }
  return rest;
}

/// Expands along the first row, without divisions, which is exact for small integers.
long double det_of(const Matrix& a) {
  if (a.empty()) return 1;
  long double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j)
    sum += (j % 2 == 0 ? 1 : -1) * a[0][j] * det_of(without(a, 0, j));
  return sum;
}

std::vector<double> cofactors_of(const Matrix& a) {
  std::vector<double> all;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < a.size(); ++j)
      all.push_back(static_cast<double>(((i + j) % 2 == 0 ? 1 : -1) * det_of(without(a, i, j))));
  return all;
}

Matrix to_matrix(const Tensor& a) {
  const auto n = static_cast<std::size_t>(a.shape()[0]);
  Matrix matrix(n, std::vector<long double>(n));
  for (std::size_t i = 0; i < n * n; ++i) matrix[i / n][i % n] = a.at(static_cast<std::int64_t>(i));
  return matrix;
}

/// Derivatives of a determinant, contracted with matrices that are fed.
struct Derivatives {
  Graph graph;
  Value a, u, v, value, first, second, third;

  explicit Derivatives(const Type& type)
      : a(graph.input("a", type)),
        u(graph.input("u", type)),
        v(graph.input("v", type)),
        value(det(a)),
        first(gradient(sum(value), a)),
        second(gradient(sum(first * u), a)),
        third(gradient(sum(second * v), a)) {}
};

/// det is linear in each element, so differences are its derivatives.
std::vector<double> second_by_differences(const Matrix& a, std::size_t at) {
  const std::size_t n = a.size();
  std::vector<double> all;
  for (std::size_t other = 0; other < n * n; ++other) {
    Matrix both = a, one = a, two = a;
    both[at / n][at % n] += 1, one[at / n][at % n] += 1;
    both[other / n][other % n] += 1, two[other / n][other % n] += 1;
    all.push_back(other == at
                      ? 0
                      : static_cast<double>(det_of(both) - det_of(one) - det_of(two) + det_of(a)));
  }
  return all;
}

/// An n × n matrix of integers with the given rank.
Tensor of_rank(std::int64_t n, std::int64_t rank, Rng& rng) {
  const Tensor left = rng.integers({n, rank}, -3, 4).cast(f64),
               right = rng.integers({rank, n}, -3, 4).cast(f64);
  Graph graph;
  return evaluate(matmul(graph.constant(left), graph.constant(right)));
}

TEST(Det, HasDerivativesOfTwoOrdersAtEveryRank) {
  Rng rng(2);
  for (const std::int64_t n : {1, 2, 3, 4}) {
    const Derivatives d({f64, {n, n}});
    const Function run = compile({d.value, d.first, d.second});
    for (std::int64_t rank = 0; rank <= n; ++rank) {
      const Tensor a = of_rank(n, rank, rng);
      const Matrix matrix = to_matrix(a);
      SCOPED_TRACE(to_string(a));
      for (std::int64_t at = 0; at < n * n; ++at) {
        Tensor u({f64, {n, n}});
        u.mutate<double>()[static_cast<std::size_t>(at)] = 1;
        const std::vector<Tensor> out = run({{d.a, a}, {d.u, u}});
        EXPECT_NEAR(out[0].item<double>(), static_cast<double>(det_of(matrix)), 1e-10);
        const auto near = [](double x) { return ::testing::DoubleNear(x, 1e-11); };
        std::vector<::testing::Matcher<double>> first, second;
        for (const double x : cofactors_of(matrix)) first.push_back(near(x));
        for (const double x : second_by_differences(matrix, static_cast<std::size_t>(at)))
          second.push_back(near(x));
        EXPECT_THAT(out[1].to_vector<double>(), ElementsAreArray(first));
        EXPECT_THAT(out[2].to_vector<double>(), ElementsAreArray(second));
      }
    }
  }
}

TEST(Det, HasAThirdDerivativeIfAllElseIsZero) {
  const Derivatives d({f64, {3, 3}});
  const Tensor zeros({f64, {3, 3}}), w = Tensor::of<double>({{1, 2, -1}, {0, 3, 1}, {2, 1, 1}});
  const std::vector<Tensor> out =
      compile({d.value, d.first, d.second, d.third})({{d.a, zeros}, {d.u, w}, {d.v, w}});
  EXPECT_EQ(out[0].item<double>(), 0);
  EXPECT_THAT(out[1].to_vector<double>(), Each(0));
  EXPECT_THAT(out[2].to_vector<double>(), Each(0));
  std::vector<double> twice = cofactors_of(to_matrix(w));
  for (double& cofactor : twice) cofactor *= 2;
  EXPECT_THAT(out[3].to_vector<double>(), ElementsAreArray(twice));
}

/// Of rank 3 and 2, up to the rounding of a product.
TEST(Det, KeepsItsDigitsNearASingularMatrix) {
  Rng rng(3);
  for (const std::int64_t rank : {3, 2}) {
    Graph graph;
    const Value a = graph.parameter("a", evaluate(matmul(graph.constant(rng.normal({5, rank})),
                                                         graph.constant(rng.normal({rank, 5})))));
    const Tensor at = evaluate(a), slope = evaluate(gradient(det(a), a));
    const std::vector<double> right = cofactors_of(to_matrix(at));
    for (std::int64_t i = 0; i < 25; ++i)
      EXPECT_NEAR(slope.at(i), right[static_cast<std::size_t>(i)], 1e-13) << rank;
  }
}

TEST(Det, GoesMatrixByMatrixInEitherPrecision) {
  const Shape shape{2, 2, 2};
  for (const DType dtype : {f64, f32}) {
    Graph graph;
    const Tensor two(shape, {1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 2.0, 4.0});
    const Value a = graph.parameter("a", two.cast(dtype));
    EXPECT_TENSOR_NEAR(evaluate(det(a)).cast(f64), Tensor::of({-2.0, 0.0}), 1e-6);
    EXPECT_TENSOR_NEAR(evaluate(gradient(sum(det(a)), a)).cast(f64),
                       Tensor(shape, {4.0, -3.0, -2.0, 1.0, 4.0, -2.0, -2.0, 1.0}), 1e-6);
  }
  Graph graph;
  const Value nothing = graph.parameter("nothing", Tensor({f64, {2, 0, 0}}));
  EXPECT_THAT(evaluate(det(nothing)).to_vector<double>(), ElementsAre(1, 1));
  const Value one = graph.parameter("one", Tensor::of({{-3.0}}));
  EXPECT_EQ(evaluate(det(one)).item<double>(), -3);
  EXPECT_EQ(evaluate(gradient(det(one), one)).at(0), 1);
}

TEST(Det, HasNoIntermediateOverflowOrUnderflow) {
  Graph graph;
  const Value a =
      graph.parameter("a", Tensor::of({{1e200, 0.0, 0.0}, {0.0, 1e200, 0.0}, {0.0, 0.0, 1e-200}}));
  EXPECT_NEAR(evaluate(det(a)).item<double>() / 1e200, 1, 1e-14);
  const Tensor slope = evaluate(gradient(det(a), a));
  EXPECT_NEAR(slope.at(0), 1, 1e-14);
  EXPECT_EQ(slope.at(1), 0);
  EXPECT_EQ(slope.at(8), infinity);
}

TEST(Det, PassesNanExceptFromADeadBranch) {
  Graph graph;
  const Value a = graph.parameter("a", Tensor::of({{nan, 1.0}, {1.0, 2.0}}));
  EXPECT_TRUE(std::isnan(evaluate(det(a)).item<double>()));
  EXPECT_TRUE(std::isnan(evaluate(gradient(det(a), a)).at(3)));
  const Value dead = where(graph.constant(Tensor(false)), det(a), 0);
  const Value slope = gradient(dead, a);
  EXPECT_THAT(evaluate(slope).to_vector<double>(), Each(0));
  const Value weighed = slope * graph.constant(Tensor::of({{1.0, 2.0}, {3.0, 4.0}}));
  EXPECT_THAT(evaluate(gradient(sum(weighed), a)).to_vector<double>(), Each(0));
}

TEST(Det, RefusesNonSquareMatrices) {
  Graph graph;
  EXPECT_THAT(message<ShapeError>([&] {
                det(graph.input("a", {f64, {2, 3}}));
              }),
              HasSubstr("det: needs square matrices, got [2,3]"));
  EXPECT_THROW(det(graph.input("i", {i64, {2, 2}})), TypeError);
}

}  // namespace
}  // namespace dagrad
