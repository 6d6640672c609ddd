// What follows a matrix product, part by part.

#include <gtest/gtest.h>

#include <atomic>
#include <type_traits>

#include "tests/tensor/gemm_case.hpp"

namespace dagrad::kernels {
namespace {

template <class T>
class GemmEpilogue : public testing::Test {};
using Types = testing::Types<float, double, std::int32_t>;
TYPED_TEST_SUITE(GemmEpilogue, Types);

/// Negates each element of c that is finished.
template <class T>
struct Negation {
  std::vector<T>& c;
  std::int64_t stride;
  mutable std::atomic<int> parts = 0;

  void operator()(std::int64_t row, std::int64_t column, std::int64_t rows,
                  std::int64_t columns) const {
    ++parts;
    for (std::int64_t i = row; i < row + rows; ++i)
      for (std::int64_t j = column; j < column + columns; ++j) {
        T& element = c[static_cast<std::size_t>(i * stride + j)];
        element = static_cast<T>(-element);
      }
  }
};

TYPED_TEST(GemmEpilogue, RunsOnceOnEachElementAfterItIsFinished) {
  using T = TypeParam;
  const Size sizes[] = {{1, 1, 1},       {3, 2, 4},      {1, 900, 40},  {900, 1, 40},
                        {1, 700, 400},   {5, 7, 0},      {400, 5, 60},  {64, 65, 300},
                        {130, 70, 9},    {257, 530, 17}, {40, 1100, 5}, {300, 520, 257},
                        {200, 200, 100}, {264, 4000, 33}};
  for (const int threads : {1, 3}) {
    Runtime runtime({.threads = threads});
    for (const Size& size : sizes) {
      for (int flags = 0; flags < 4; ++flags) {
        const Case<T> x(size, flags & 1, flags & 2);
        std::vector<T> wanted = x.run(Inline{}, false, runtime.machine()), got = x.c;
        for (T& element : wanted) element = static_cast<T>(-element);
        const Negation<T> negate{got, size.n};
        const Product<T> p = x.product(got);
        gemm<T>(runtime.machine(), Inline{}, p.m, p.n, p.k, p.a, p.b, p.c, false, Epilogue(negate));
        ASSERT_EQ(got, wanted) << size.m << " x " << size.n << " x " << size.k << ", flags "
                               << flags;
        EXPECT_GE(negate.parts, 1);
      }
    }
  }
}

TYPED_TEST(GemmEpilogue, FollowsASum) {
  using T = TypeParam;
  const Case<T> x({70, 90, 300}, false, true);
  std::vector<T> wanted = x.run(Inline{}, true), got = x.c;
  for (T& element : wanted) element = static_cast<T>(-element);
  const Negation<T> negate{got, 90};
  const Product<T> p = x.product(got);
  gemm<T>(machine(), Inline{}, p.m, p.n, p.k, p.a, p.b, p.c, true, Epilogue(negate));
  EXPECT_EQ(got, wanted);
}

TYPED_TEST(GemmEpilogue, DoesNotRunWithoutElements) {
  std::vector<TypeParam> c;
  const Negation<TypeParam> negate{c, 5};
  gemm<TypeParam>(machine(), Inline{}, 0, 5, 3, {}, {}, {nullptr, 5}, false, Epilogue(negate));
  gemm<TypeParam>(machine(), Inline{}, 5, 0, 3, {}, {}, {nullptr, 5}, false, Epilogue(negate));
  EXPECT_EQ(negate.parts, 0);
}

TEST(PartsOfAProduct, LieInACache) {
  const Case<float> x({1024, 1024, 256}, true, false);
  std::vector<float> c = x.c;
  std::int64_t largest = 0;
  const auto note = [&](std::int64_t, std::int64_t, std::int64_t rows, std::int64_t columns) {
    largest = std::max(largest, rows * columns * std::int64_t{sizeof(float)});
  };
  const Product<float> p = x.product(c);
  gemm<float>(machine(), Inline{}, p.m, p.n, p.k, p.a, p.b, p.c, false, Epilogue(note));
  EXPECT_LE(largest, 132 * 2048);
}

}  // namespace
}  // namespace dagrad::kernels
