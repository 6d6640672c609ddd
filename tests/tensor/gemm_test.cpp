#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "tests/sanitized.hpp"
#include "tests/tensor/gemm_case.hpp"

namespace dagrad::kernels {
namespace {

/// The product computed in long double, with an error bound for each element.
template <class T>
class Reference {
 public:
  Reference(const Case<T>& x, bool accumulate) : case_(x) {
    const auto [m, n, k] = x.size;
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        long double sum = accumulate ? x.c[static_cast<std::size_t>(i * x.c_stride() + j)] : T(0);
        long double size = std::fabs(sum);
        for (std::int64_t l = 0; l < k; ++l) {
          const long double product = static_cast<long double>(x.a_at(i, l)) * x.b_at(l, j);
          sum += product;
          size += std::fabs(product);
        }
        sums_.push_back(sum);
        bounds_.push_back(size * static_cast<long double>(k + 2) *
                          (std::is_integral_v<T> ? 0 : std::numeric_limits<T>::epsilon()));
      }
    }
  }

  /// Memory between the rows must be unchanged.
  void expect(const std::vector<T>& out) const {
    std::size_t next = 0;
    for (std::size_t at = 0; at < out.size(); ++at) {
      const auto column = static_cast<std::int64_t>(at) % case_.c_stride();
      if (column >= case_.size.n) {
        ASSERT_EQ(out[at], case_.c[at]) << "between rows, at " << at;
      } else {
        ASSERT_LE(std::fabs(out[at] - sums_[next]), bounds_[next]) << "at " << at;
        ++next;
      }
    }
  }

 private:
  const Case<T>& case_;
  std::vector<long double> sums_, bounds_;
};

const Size sizes[] = {
    {1, 1, 1},      {4, 3, 2},     {1, 5, 3},      {5, 1, 3},     {7, 9, 11},     {8, 32, 16},
    {13, 33, 257},  {64, 17, 90},  {1, 200, 70},   {200, 1, 70},  {65, 48, 1},    {130, 35, 33},
    {9, 40, 513},   {67, 65, 20},  {1, 37, 20},    {1, 700, 300}, {700, 1, 300},  {90, 2, 300},
    {300, 11, 65},  {5, 300, 256}, {77, 260, 512}, {9, 256, 20},  {100, 10, 512}, {131, 530, 20},
    {40, 1024, 45}, {150, 70, 90}, {290, 150, 120}};

template <class T>
class Gemm : public testing::Test {};
using Types = testing::Types<float, double, std::int32_t, std::int64_t>;
TYPED_TEST_SUITE(Gemm, Types);

template <class T>
class FloatGemm : public testing::Test {};
using FloatTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(FloatGemm, FloatTypes);

TYPED_TEST(Gemm, IsTheProductOnEveryInstructionSet) {
  using T = TypeParam;
  const auto sets = instruction_sets<T>();
  for (const Size& size : sizes) {
    for (int flags = 0; flags < 16; flags += sanitized ? 5 : 1) {
      const Case<T> x(size, flags & 1, flags & 2, flags & 4 ? 5 : 0);
      const bool accumulate = flags & 8;
      const Reference<T> reference(x, accumulate);
      for (const Multiply<T>& multiply : sets) {
        SCOPED_TRACE(testing::Message() << size.m << "×" << size.n << "×" << size.k << ", flags "
                                        << flags << ", set " << &multiply - sets.data());
        std::vector<T> scratch(static_cast<std::size_t>(multiply.scratch)), out = x.c, small = x.c;
        multiply.large(x.product(out, accumulate), scratch.data());
        ASSERT_NO_FATAL_FAILURE(reference.expect(out));
        if (size.k > 256) continue;
        multiply.small(x.product(small, accumulate));
        ASSERT_EQ(small, out) << "small differs from large";
      }
    }
  }
}

TYPED_TEST(Gemm, OfInnerDimension0IsZero) {
  using T = TypeParam;
  std::vector<T> c{1, 2, 3, 4, 5, 6};
  gemm<T>(machine(), Inline{}, 2, 2, 0, {nullptr, 0}, {nullptr, 2}, {c.data(), 3});
  EXPECT_EQ(c, (std::vector<T>{0, 0, 3, 0, 0, 6}));
  gemm<T>(machine(), Inline{}, 2, 2, 0, {nullptr, 0}, {nullptr, 2}, {c.data() + 2, 1}, true);
  EXPECT_EQ(c, (std::vector<T>{0, 0, 3, 0, 0, 6}));
}

TYPED_TEST(Gemm, WithoutRowsOrColumnsTouchesNothing) {
  using T = TypeParam;
  gemm<T>(machine(), Inline{}, 0, 5, 7, {nullptr, 7}, {nullptr, 5}, {nullptr, 5});
  gemm<T>(machine(), Inline{}, 5, 0, 7, {nullptr, 7}, {nullptr, 0}, {nullptr, 0});
}

TYPED_TEST(FloatGemm, PassesNaNAndInfinityTimesZero) {
  using T = TypeParam;
  const T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
  for (const std::int64_t n : {1, 3, 40, 200}) {
    std::vector<T> a(static_cast<std::size_t>(n * n)), b(a.size(), 1), c(a.size(), nan);
    gemm<T>(machine(), Inline{}, n, n, n, {a.data(), n}, {b.data(), n}, {c.data(), n});
    for (const T x : c) ASSERT_EQ(x, 0) << "old content of c reached the result";
    b[0] = inf;  // times 0
    gemm<T>(machine(), Inline{}, n, n, n, {a.data(), n}, {b.data(), n}, {c.data(), n});
    for (std::int64_t i = 0; i < n; ++i)
      ASSERT_TRUE(std::isnan(c[static_cast<std::size_t>(i * n)]));
    b[0] = 1;
    a[0] = nan;
    gemm<T>(machine(), Inline{}, n, n, n, {a.data(), n}, {b.data(), n}, {c.data(), n});
    for (std::int64_t j = 0; j < n; ++j) ASSERT_TRUE(std::isnan(c[static_cast<std::size_t>(j)]));
    if (n > 1) {
      ASSERT_EQ(c.back(), 0);
    }
  }
}

TEST(IntegerGemm, Wraps) {
  const std::vector<std::int32_t> a{std::numeric_limits<std::int32_t>::max(), 2}, b{2, 3};
  std::int32_t c = 7;
  gemm<std::int32_t>(machine(), Inline{}, 1, 1, 2, {a.data(), 2}, {b.data(), 1}, {&c, 1}, true);
  EXPECT_EQ(c, 7 - 2 + 6);
  const std::int64_t big = std::numeric_limits<std::int64_t>::min();
  std::int64_t d = 0;
  gemm<std::int64_t>(machine(), Inline{}, 1, 1, 1, {&big, 1}, {&big, 1}, {&d, 1});
  EXPECT_EQ(d, 0);
}

/// Memory at the end of a page, followed by a page that must not be touched.
template <class T>
class Guarded {
 public:
  explicit Guarded(const std::vector<T>& values) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = values.size() * sizeof(T), whole = (bytes + page - 1) / page * page;
    size_ = whole + page;
    base_ = static_cast<std::byte*>(
        mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_EQ(mprotect(base_ + whole, page, PROT_NONE), 0);
    data_ = reinterpret_cast<T*>(base_ + whole - bytes);
    std::memcpy(data_, values.data(), bytes);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(base_, size_); }
  T* data() const { return data_; }

 private:
  std::byte* base_;
  std::size_t size_;
  T* data_;
};

TYPED_TEST(Gemm, TouchesNothingAfterItsOperands) {
  using T = TypeParam;
  for (const Multiply<T>& multiply : instruction_sets<T>()) {
    std::vector<T> scratch(static_cast<std::size_t>(multiply.scratch));
    for (const Size& size : sizes) {
      for (int flags = 0; flags < 4; ++flags) {
        const Case<T> x(size, flags & 1, flags & 2);
        std::vector<T> out = x.c;
        Product<T> p = x.product(out);
        multiply.large(p, scratch.data());
        const Guarded<T> a(x.a), b(x.b), c(x.c);
        p.a.data = a.data();
        p.b.data = b.data();
        p.c.data = c.data();
        multiply.large(p, scratch.data());
        ASSERT_TRUE(std::equal(out.begin(), out.end(), c.data()));
      }
    }
  }
}

TYPED_TEST(FloatGemm, RunsOnManyThreadsAtOnce) {
  const Case<TypeParam> x({60, 70, 80}, false, true);
  const auto want = x.run();
  std::vector<std::thread> threads;
  std::vector<int> right(4);
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) right[t] += x.run() == want;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, (std::vector<int>{50, 50, 50, 50}));
}

}  // namespace
}  // namespace dagrad::kernels
