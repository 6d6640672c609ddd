#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "tests/sanitized.hpp"
#include "tests/tensor/gemm_case.hpp"

/// An element of a product has the same bits, whatever surrounds it.
namespace dagrad::kernels {
namespace {

template <class T>
class GemmBits : public testing::Test {};
using Types = testing::Types<float, double, std::int32_t, std::int64_t>;
TYPED_TEST_SUITE(GemmBits, Types);

template <class T>
class FloatGemmBits : public testing::Test {};
using FloatTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(FloatGemmBits, FloatTypes);

/// The implementations of `gemm` that the shared Runtime's machine can run.
template <class T>
Multiply<T> that_of_the_machine() {
  const auto set = static_cast<std::size_t>(machine().instruction_set());
  return instruction_sets<T>()[std::is_floating_point_v<T> ? set : 0];
}

TYPED_TEST(GemmBits, DoNotDependOnTheDivision) {
  using T = TypeParam;
  const Multiply<T> multiply = that_of_the_machine<T>();
  std::vector<T> scratch(static_cast<std::size_t>(multiply.scratch));
  const Size large[] = {{200, 200, 100}, {2000, 3, 600},  {3, 2000, 600},
                        {1, 3000, 1100}, {3000, 1, 1100}, {600, 200, 40}};
  for (const Size& size : large) {
    for (int flags = 0; flags < 4; flags += sanitized ? 3 : 1) {
      const bool accumulate = flags == 1 || flags == 2;
      const Case<T> x(size, flags & 1, flags & 2, 3);
      std::vector<T> whole = x.c;
      multiply.large(x.product(whole, accumulate), scratch.data());
      ASSERT_EQ(x.run(Inline{}, accumulate), whole);
    }
  }
}

/// Runs tasks on four threads, the last task first.
struct Backwards final : Parallel {
  void run(std::int64_t tasks, Body body, const void* context) const override {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([=] {
        for (std::int64_t task = tasks - 1 - t; task >= 0; task -= 4) body(context, task);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
};

TYPED_TEST(FloatGemmBits, AreTheSameOnAnyNumberOfThreads) {
  for (const int threads : {1, 2, 3, 8}) {
    const Runtime runtime({.threads = threads});
    for (int flags = 0; flags < 4; ++flags) {
      const Case<TypeParam> x({150, 200, 270}, flags & 1, flags & 2);
      EXPECT_EQ(x.run(), x.run(Backwards{}, false, runtime.machine())) << threads << " threads";
    }
  }
}

/// What an element is on the instruction sets that fuse: the sums of blocks of 256 products, each
/// begun with 0, added in order.
template <class T>
T in_order(const Case<T>& x, std::int64_t i, std::int64_t j) {
  T sum = 0, block = 0;
  for (std::int64_t l = 0; l < x.size.k; ++l) {
    block = std::fma(x.a_at(i, l), x.b_at(l, j), block);
    if ((l + 1) % 256 != 0 && l + 1 < x.size.k) continue;
    sum = l < 256 ? block : sum + block;
    block = 0;
  }
  return sum;
}

TYPED_TEST(FloatGemmBits, AreThoseOfSumsInOrder) {
  using T = TypeParam;
  const auto sets = instruction_sets<T>();
  for (const Size& size : {Size{25, 70, 513}, Size{140, 530, 260}, Size{70, 1030, 300},
                           Size{1, 75, 300}, Size{1, 75, 1100}}) {
    for (int flags = 0; flags < 4; ++flags) {
      const Case<T> x(size, flags & 1, flags & 2);
      for (std::size_t set = 1; set < sets.size(); ++set) {
        std::vector<T> scratch(static_cast<std::size_t>(sets[set].scratch)), out = x.c;
        sets[set].large(x.product(out), scratch.data());
        for (std::int64_t i = 0; i < size.m; i += 7)
          for (std::int64_t j = 0; j < size.n; j += 3)
            ASSERT_EQ(out[static_cast<std::size_t>(i * size.n + j)], in_order(x, i, j))
                << i << ", " << j << ", flags " << flags << ", set " << set;
      }
    }
  }
}

TYPED_TEST(FloatGemmBits, AreTheSameForARowAloneAndInABlock) {
  using T = TypeParam;
  const Case<T> x({150, 90, 600}, false, false);
  const std::vector<T> all = x.run();
  for (const std::int64_t i : {0, 1, 77, 149}) {
    std::vector<T> row(90);
    gemm<T>(machine(), Inline{}, 1, 90, 600, {x.a.data() + i * 600, 600}, {x.b.data(), 90},
            {row.data(), 90});
    EXPECT_TRUE(std::equal(row.begin(), row.end(), all.begin() + i * 90)) << "row " << i;
  }
}

TYPED_TEST(FloatGemmBits, AreTheSameForColumnsAloneAndInABlock) {
  using T = TypeParam;
  for (const bool transposed : {false, true}) {
    const Case<T> x({300, 90, 600}, transposed, false);
    const std::vector<T> all = x.run();
    for (const std::int64_t n : {1, 2, 10, 23}) {
      std::vector<T> out(static_cast<std::size_t>(300 * n));
      gemm<T>(machine(), Inline{}, 300, n, 600, {x.a.data(), x.a_stride(), transposed},
              {x.b.data(), 90}, {out.data(), n});
      for (std::int64_t i = 0; i < 300; ++i) {
        ASSERT_TRUE(
            std::equal(out.begin() + i * n, out.begin() + (i + 1) * n, all.begin() + i * 90))
            << "row " << i << " of " << n << " columns";
      }
    }
  }
}

TYPED_TEST(FloatGemmBits, AreTheSameForAnyStorageOrder) {
  using T = TypeParam;
  const Case<T> x({50, 70, 300}, false, false);
  Case<T> y({50, 70, 300}, true, true, 9);
  for (std::int64_t l = 0; l < 300; ++l) {
    for (std::int64_t i = 0; i < 50; ++i)
      y.a[static_cast<std::size_t>(l * y.a_stride() + i)] = x.a_at(i, l);
    for (std::int64_t j = 0; j < 70; ++j)
      y.b[static_cast<std::size_t>(j * y.b_stride() + l)] = x.b_at(l, j);
  }
  const std::vector<T> plain = x.run(), transposed = y.run();
  for (std::size_t i = 0; i < 50; ++i) {
    for (std::size_t j = 0; j < 70; ++j) ASSERT_EQ(plain[i * 70 + j], transposed[i * 79 + j]);
  }
}

TYPED_TEST(FloatGemmBits, AreTheSameOnBothFusingInstructionSets) {
  using T = TypeParam;
  const auto sets = instruction_sets<T>();
  if (sets.size() < 3) GTEST_SKIP() << "AVX-512 is not available";
  std::vector<T> scratch(static_cast<std::size_t>(std::max(sets[1].scratch, sets[2].scratch)));
  const Case<T> x({70, 75, 700}, false, true);
  std::vector<T> a = x.c, b = x.c;
  sets[1].large(x.product(a), scratch.data());
  sets[2].large(x.product(b), scratch.data());
  EXPECT_EQ(a, b);
}

}  // namespace
}  // namespace dagrad::kernels
