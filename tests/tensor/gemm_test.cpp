#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include "dagrad/kernels/gemm.hpp"
#include "dagrad/random.hpp"
#include "dagrad/runtime.hpp"
#include "src/tensor/gemm.hpp"
#include "tests/sanitized.hpp"

namespace dagrad::kernels {
namespace {

const Machine& machine() { return Runtime::shared().machine(); }

struct Size {
  std::int64_t m, n, k;
};

/// A product with gaps between the rows, in its own memory.
template <class T>
struct Case {
  Size size;
  bool a_transposed, b_transposed;
  std::int64_t gap;
  std::vector<T> a, b, c;

  Case(Size s, bool ta, bool tb, std::int64_t between = 0, std::int64_t seed = 1)
      : size(s), a_transposed(ta), b_transposed(tb), gap(between) {
    a = numbers((ta ? s.k : s.m) * a_stride(), seed);
    b = numbers((tb ? s.n : s.k) * b_stride(), seed + 1);
    c = numbers(s.m * c_stride(), seed + 2);
  }
  static std::vector<T> numbers(std::int64_t n, std::int64_t seed) {
    Rng rng(seed);
    if constexpr (std::is_integral_v<T>) {
      return rng.integers({n}, -100, 100, dtype_of<T>).template to_vector<T>();
    } else {
      return rng.uniform({n}, -1, 1, dtype_of<T>).template to_vector<T>();
    }
  }
  std::int64_t a_stride() const { return (a_transposed ? size.m : size.k) + gap; }
  std::int64_t b_stride() const { return (b_transposed ? size.k : size.n) + gap; }
  std::int64_t c_stride() const { return size.n + gap; }
  T a_at(std::int64_t i, std::int64_t l) const {
    return a[static_cast<std::size_t>(a_transposed ? l * a_stride() + i : i * a_stride() + l)];
  }
  T b_at(std::int64_t l, std::int64_t j) const {
    return b[static_cast<std::size_t>(b_transposed ? j * b_stride() + l : l * b_stride() + j)];
  }
  Product<T> product(std::vector<T>& out, bool accumulate = false) const {
    return {size.m,
            size.n,
            size.k,
            {a.data(), a_stride(), a_transposed},
            {b.data(), b_stride(), b_transposed},
            {out.data(), c_stride(), false},
            accumulate};
  }
  std::vector<T> run(const Parallel& parallel = Inline{}, bool accumulate = false) const {
    std::vector<T> out = c;
    const Product<T> p = product(out, accumulate);
    gemm<T>(machine(), parallel, p.m, p.n, p.k, p.a, p.b, p.c, accumulate);
    return out;
  }
};

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

const Size sizes[] = {{1, 1, 1},      {4, 3, 2},     {1, 5, 3},     {5, 1, 3},     {7, 9, 11},
                      {8, 32, 16},    {13, 33, 257}, {64, 17, 90},  {1, 200, 70},  {200, 1, 70},
                      {65, 48, 1},    {130, 35, 33}, {9, 40, 513},  {67, 65, 20},  {1, 37, 20},
                      {1, 700, 300},  {700, 1, 300}, {90, 2, 300},  {300, 11, 65}, {5, 300, 256},
                      {77, 260, 512}, {9, 256, 20},  {100, 10, 512}};

template <class T>
std::vector<Multiply<T>> instruction_sets() {
  std::vector<Multiply<T>> all{multiply_plain<T>()};
#if defined(__x86_64__)
  if constexpr (std::is_floating_point_v<T>) {
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      all.push_back(multiply_avx2<T>());
    }
    if (__builtin_cpu_supports("avx512f")) all.push_back(multiply_avx512<T>());
  }
#endif
  return all;
}

/// The implementations of `gemm` that the shared Runtime's machine can run.
template <class T>
Multiply<T> that_of_the_machine() {
  const auto set = static_cast<std::size_t>(machine().instruction_set());
  return instruction_sets<T>()[std::is_floating_point_v<T> ? set : 0];
}

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

TYPED_TEST(Gemm, DoesNotDependOnTheDivision) {
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

TYPED_TEST(FloatGemm, HasTheSameBitsOnAnyNumberOfThreads) {
  for (int flags = 0; flags < 4; ++flags) {
    const Case<TypeParam> x({150, 200, 270}, flags & 1, flags & 2);
    EXPECT_EQ(x.run(), x.run(Backwards{}));
  }
}

TYPED_TEST(FloatGemm, HasTheSameBitsForARowAloneAndInABlock) {
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

TYPED_TEST(FloatGemm, HasTheSameBitsForColumnsAloneAndInABlock) {
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

TYPED_TEST(FloatGemm, HasTheSameBitsForAnyStorageOrder) {
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

TYPED_TEST(FloatGemm, HasTheSameBitsOnBothFusingInstructionSets) {
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
