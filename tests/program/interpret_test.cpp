#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "tests/allocations.hpp"
#include "tests/program/support.hpp"

namespace dagrad::test {
namespace {

template <class T>
void run_arrays(const Program& program, const std::vector<const T*>& in,
                const std::vector<std::int64_t>& step, const std::vector<T*>& out, std::int64_t n) {
  const std::vector<const void*> from(in.begin(), in.end());
  const std::vector<void*> to(out.begin(), out.end());
  interpret(program, from, step, to, n);
}

std::vector<double> counting(std::size_t n, double first = 0) {
  std::vector<double> values(n);
  std::iota(values.begin(), values.end(), first);
  return values;
}

class Lengths : public testing::TestWithParam<std::int64_t> {};

TEST_P(Lengths, ComputesAllElementsAndNoneBeyond) {
  const Program p = record2([](Symbol x, Symbol y) { return (x - y) * 2 + x; });
  const auto n = static_cast<std::size_t>(GetParam());
  const auto a = counting(n), b = counting(n, 5);
  std::vector<double> out(n + 1, 42);
  run_arrays<double>(p, {a.data(), b.data()}, {1, 1}, {out.data()}, GetParam());
  for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out[i], -10 + a[i]) << i;
  EXPECT_EQ(out[n], 42);
}
INSTANTIATE_TEST_SUITE_P(Tiles, Lengths, testing::Values(0, 1, 15, 255, 256, 257, 512, 1000));

TEST(Interpret, RepeatsAnOperandOfOneElement) {
  const Program p = record2([](Symbol x, Symbol y) { return x * y; });
  const auto a = counting(600);
  const double scale = 3;
  std::vector<double> out(600);
  run_arrays<double>(p, {a.data(), &scale}, {1, 0}, {out.data()}, 600);
  for (std::size_t i = 0; i < 600; ++i) ASSERT_EQ(out[i], 3 * a[i]);
  run_arrays<double>(p, {&scale, a.data()}, {0, 1}, {out.data()}, 600);
  EXPECT_EQ(out[599], 3 * a[599]);
}

TEST(Interpret, KeepsConstantsThatFirstAppearLate) {  // no earlier step may use their slot
  const Program p = record1([](Symbol x) { return (((x + x) * x + x) * x + x) * 0.75 + 100; });
  const auto a = counting(700);
  std::vector<double> out(700);
  run_arrays<double>(p, {a.data()}, {1}, {out.data()}, 700);
  for (std::size_t i = 0; i < 700; ++i) {
    const double x = a[i];
    ASSERT_EQ(out[i], (((x + x) * x + x) * x + x) * 0.75 + 100);
  }
}

TEST(Interpret, OverwritesItsOperands) {
  const Program p = record(
      [](auto x) {
        return std::vector<Symbol>{x[0] + x[1], x[0] - x[1]};
      },
      {f64, f64});
  auto a = counting(700), b = counting(700, 3);
  run_arrays<double>(p, {a.data(), b.data()}, {1, 1}, {a.data(), b.data()}, 700);
  for (std::size_t i = 0; i < 700; ++i) {
    ASSERT_EQ(a[i], 2.0 * static_cast<double>(i) + 3);
    ASSERT_EQ(b[i], -3);
  }
}

TEST(Interpret, SwapsItsOperandsInPlace) {
  const Program p = record([](auto x) { return std::vector<Symbol>{x[1], x[0]}; }, {f64, f64});
  auto a = counting(300), b = counting(300, 1000);
  run_arrays<double>(p, {a.data(), b.data()}, {1, 1}, {a.data(), b.data()}, 300);
  EXPECT_EQ(a[299], 1299);
  EXPECT_EQ(b[299], 299);
}

TEST(Interpret, ReturnsOneResultTwice) {
  const Program p = record(
      [](auto x) {
        const Symbol y = x[0] + 1;
        return std::vector<Symbol>{y, y, x[0]};
      },
      {f64});
  EXPECT_EQ(run(p, {2}), (std::vector<double>{3, 3, 2}));
}

TEST(Interpret, MixesDtypes) {
  const Program p = record(
      [](auto x) {
        const Symbol whole = Symbol::cast(x[0], i32);
        return std::vector<Symbol>{whole, select(x[1], x[0], 0), Symbol::cast(x[1], f32) + x[2]};
      },
      {f64, b8, f32});
  EXPECT_EQ(run(p, {-3.7, 1, 0.5}), (std::vector<double>{-3, -3.7, 1.5}));
  EXPECT_EQ(run(p, {-3.7, 0, 0.5}), (std::vector<double>{-3, 0, 0.5}));
}

TEST(Interpret, CastsWideningWithinLongArrays) {
  const Program p = record([](auto x) { return Symbol::cast(x[0], f64) * 0.5; }, {f32});
  std::vector<float> in(1000);
  std::iota(in.begin(), in.end(), 0.0f);
  std::vector<double> out(1000);
  const void* from[] = {in.data()};
  void* to[] = {out.data()};
  const std::int64_t step[] = {1};
  interpret(p, from, step, to, 1000);
  for (std::size_t i = 0; i < 1000; ++i) ASSERT_EQ(out[i], 0.5 * static_cast<double>(i));
}

TEST(Interpret, SelectsBitsWhole) {
  const Program p = record([](auto x) { return select(x[0], x[1], x[2]); }, {b8, f64, f64});
  const bool condition = true;
  const std::uint64_t nan = 0x7ff4000000000001, zero = 0;  // a signalling NaN
  std::uint64_t out = 0;
  const void* in[] = {&condition, &nan, &zero};
  void* to[] = {&out};
  const std::int64_t step[] = {1, 1, 1};
  interpret(p, in, step, to, 1);
  EXPECT_EQ(out, nan);
}

TEST(Interpret, RunsWidePrograms) {  // thousands of live values
  const Program p = record1([](Symbol x) {
    std::vector<Symbol> terms;
    for (int i = 0; i < 3000; ++i) terms.push_back(x * i);
    Symbol sum = terms.back();
    for (std::size_t i = terms.size() - 1; i-- > 0;) sum = sum + terms[i];
    return sum * terms[17];
  });
  const auto a = counting(40);
  std::vector<double> out(40);
  run_arrays<double>(p, {a.data()}, {1}, {out.data()}, 40);
  for (std::size_t i = 0; i < 40; ++i) ASSERT_EQ(out[i], 4498500 * a[i] * 17 * a[i]);
}

TEST(Interpret, RunsDeepPrograms) {
  const Program p = record1([](Symbol x) {
    Symbol y = x;
    for (int i = 0; i < 100000; ++i) y = y + x;
    return y;
  });
  EXPECT_EQ(p.steps.size(), 100001U);
  EXPECT_EQ(run(p, {1}), std::vector{100001.0});
}

TEST(Interpret, AllocatesNothingAfterTheFirstRun) {
  const Program p = record1([](Symbol x) {
    Symbol y = x;
    for (int i = 0; i < 120; ++i) y = sin(y) + i;
    return y;
  });
  ASSERT_GT(p.steps.size(), 240U);
  const auto a = counting(1000);
  std::vector<double> out(1000);
  const void* in[] = {a.data()};
  void* to[] = {out.data()};
  const std::int64_t step[] = {1};
  interpret(p, in, step, to, 1000);
  const std::int64_t before = allocations();
  interpret(p, in, step, to, 1000);
  EXPECT_EQ(allocations(), before);
}

}  // namespace
}  // namespace dagrad::test
