#include "src/tensor/factorizations.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "dagrad/random.hpp"
#include "dagrad/runtime.hpp"

namespace dagrad::kernels {
namespace {

const Machine& machine() { return Runtime::shared().machine(); }

template <class T>
std::int64_t factor(bool own, std::int64_t n, T* a, std::int64_t stride, std::int32_t* pivots) {
  return own ? plain::lu(n, a, stride, pivots) : lu(machine(), n, a, stride, pivots);
}

/// A matrix with gaps between its rows and 1 + n on its diagonal.
template <class T>
std::vector<T> matrix(std::int64_t n, std::int64_t columns, std::int64_t stride, double diagonal,
                      std::int64_t seed = 1) {
  Rng rng(seed);
  std::vector<T> a = rng.uniform({n * stride}, -1, 1, dtype_of<T>).template to_vector<T>();
  for (std::int64_t i = 0; i < std::min(n, columns); ++i)
    a[static_cast<std::size_t>(i * stride + i)] += static_cast<T>(diagonal);
  return a;
}

template <class T>
void expect_near(const std::vector<T>& a, const std::vector<T>& b, std::int64_t n) {
  const T bound = std::numeric_limits<T>::epsilon() * static_cast<T>(64 * (n + 1));
  for (std::size_t i = 0; i < a.size(); ++i)
    ASSERT_NEAR(a[i], b[i], bound * std::max(T(1), std::abs(b[i]))) << i << " of " << n;
}

template <class T>
class Factorizations : public testing::Test {};
using Floats = testing::Types<float, double>;
TYPED_TEST_SUITE(Factorizations, Floats);

/// The chosen library and dagrad's own loops give the same, also outside of the matrix.
TYPED_TEST(Factorizations, AgreeWithPlainLoops) {
  using T = TypeParam;
  for (const std::int64_t n : {1, 2, 3, 8, 33, 130}) {
    const std::int64_t stride = n + 3, columns = 5;
    auto a = matrix<T>(n, n, stride, static_cast<double>(n)), b = a;
    EXPECT_EQ(cholesky(machine(), n, a.data(), stride), 0);
    EXPECT_EQ(plain::cholesky(n, b.data(), stride), 0);
    expect_near(a, b, n);

    for (int flags = 0; flags < 8; ++flags) {
      const Triangle triangle{(flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0};
      auto m = matrix<T>(n, n, stride, static_cast<double>(n));
      if (triangle.unit_diagonal)
        for (T& element : m) element /= static_cast<T>(n);
      auto x = matrix<T>(n, columns, columns + 2, 0), y = x;
      triangular_solve(machine(), Inline(), n, columns, triangle, m.data(), stride, x.data(),
                       columns + 2);
      plain::triangular_solve(n, columns, triangle, m.data(), stride, y.data(), columns + 2);
      expect_near(x, y, n);
    }

    auto lu_a = matrix<T>(n, n, stride, 0), lu_b = lu_a;
    std::vector<std::int32_t> pivots_a(static_cast<std::size_t>(n)), pivots_b = pivots_a;
    EXPECT_EQ(lu(machine(), n, lu_a.data(), stride, pivots_a.data()), 0);
    EXPECT_EQ(plain::lu(n, lu_b.data(), stride, pivots_b.data()), 0);
    EXPECT_EQ(pivots_a, pivots_b);
  }
}

TYPED_TEST(Factorizations, SolveWithTheirFactors) {
  using T = TypeParam;
  const std::int64_t n = 40, columns = 70;
  const auto a = matrix<T>(n, n, n, 4), b = matrix<T>(n, columns, columns, 0, 2);
  for (const bool transposed : {false, true})
    for (const bool own : {false, true}) {
      auto factors = a, x = b;
      std::vector<std::int32_t> pivots(static_cast<std::size_t>(n));
      factor(own, n, factors.data(), n, pivots.data());
      lu_solve(machine(), Inline(), n, columns, transposed, factors.data(), n, pivots.data(),
               x.data(), columns);
      for (std::int64_t i = 0; i < n; ++i)
        for (std::int64_t j = 0; j < columns; ++j) {
          double sum = 0;
          for (std::int64_t k = 0; k < n; ++k)
            sum += double{a[static_cast<std::size_t>(transposed ? k * n + i : i * n + k)]} *
                   x[static_cast<std::size_t>(k * columns + j)];
          ASSERT_NEAR(sum, b[static_cast<std::size_t>(i * columns + j)],
                      1e4 * std::numeric_limits<T>::epsilon());
        }
    }
}

TYPED_TEST(Factorizations, ReturnWhereTheyStop) {
  using T = TypeParam;
  for (const bool own : {false, true}) {
    const auto cholesky_of = [own](std::int64_t n, T* a) {
      return own ? plain::cholesky(n, a, n) : cholesky(machine(), n, a, n);
    };
    std::vector<T> a{4, 0, 0, 2, 5, 0, 2, 9, 1};
    EXPECT_EQ(cholesky_of(3, a.data()), 3);
    std::vector<T> b{1, 0, std::numeric_limits<T>::quiet_NaN(), 1};
    EXPECT_EQ(cholesky_of(2, b.data()), 2);
    std::vector<T> c{1, 2, 2, 4};
    std::vector<std::int32_t> pivots(2);
    EXPECT_EQ(factor(own, 2, c.data(), 2, pivots.data()), 2);
  }
}

/// The library has its own buffers; threads that call it at once must not disturb each other.
TYPED_TEST(Factorizations, RunOnManyThreadsAtOnce) {
  using T = TypeParam;
  const std::int64_t n = 90;
  const auto a = matrix<T>(n, n, n, static_cast<double>(n));
  const auto once = [&] {
    auto factors = a, lower = a, x = a;
    std::vector<std::int32_t> pivots(static_cast<std::size_t>(n));
    lu(machine(), n, factors.data(), n, pivots.data());
    lu_solve(machine(), Inline(), n, n, false, factors.data(), n, pivots.data(), x.data(), n);
    cholesky(machine(), n, lower.data(), n);
    x.insert(x.end(), lower.begin(), lower.end());
    return x;
  };
  const auto expected = once();
  std::vector<int> wrong(16);
  std::vector<std::thread> threads;
  for (int& count : wrong)
    threads.emplace_back([&] {
      for (int i = 0; i < 40; ++i) count += once() != expected;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(16));
}

}  // namespace
}  // namespace dagrad::kernels
