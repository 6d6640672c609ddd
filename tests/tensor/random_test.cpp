#include "dagrad/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "dagrad/error.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

std::vector<std::uint32_t> words(const PhiloxBlock& block) {
  return {std::begin(block.word), std::end(block.word)};
}

// The test vectors that the authors publish with their implementation.
TEST(PhiloxTest, GivesThePublishedAnswers) {
  using Words = std::vector<std::uint32_t>;
  constexpr std::uint64_t ones = ~std::uint64_t{0};
  EXPECT_EQ(words(philox(0, 0)), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(words(philox(ones, ones, ones)),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(words(philox(0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e)),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(StreamTest, UniformsAreTheBitsOfTheirBlocks) {
  const PhiloxBlock bits = philox(5, 3);
  EXPECT_EQ(uniform_float(5, 13), static_cast<float>(bits.word[1] >> 8) / 0x1p24F);
  const std::uint64_t pair = static_cast<std::uint64_t>(bits.word[3]) << 32 | bits.word[2];
  EXPECT_EQ(uniform_double(5, 7), static_cast<double>(pair >> 11) / 0x1p53);
}

TEST(StreamTest, AreTheSameAtOnceAndElementByElement) {
  for (const std::int64_t first : {0, 1, 2, 3, 1000001}) {
    for (const std::size_t n : {0U, 1U, 2U, 5U, 8U, 33U}) {
      std::vector<float> u(n), z(n);
      std::vector<double> v(n), w(n);
      fill_uniform(-7, first, u);
      fill_normal(-7, first, z);
      fill_uniform(-7, first, v);
      fill_normal(-7, first, w);
      for (std::size_t i = 0; i < n; ++i) {
        const auto at = first + static_cast<std::int64_t>(i);
        ASSERT_EQ(u[i], uniform_float(-7, at));
        ASSERT_EQ(z[i], normal_float(-7, at));
        ASSERT_EQ(v[i], uniform_double(-7, at));
        ASSERT_EQ(w[i], normal_double(-7, at));
      }
    }
  }
}

TEST(StreamTest, DifferByKeyAndPurpose) {
  EXPECT_NE(uniform_double(1, 0), uniform_double(2, 0));
  EXPECT_NE(fold_in(1, 0), fold_in(0, 1));
  std::set<std::int64_t> keys;
  for (std::int64_t key = -50; key < 50; ++key) {
    for (std::int64_t i = 0; i < 100; ++i) keys.insert(fold_in(key, i));
  }
  EXPECT_EQ(keys.size(), 10000U);
  // A key and a uniform number of the same element share no bits.
  const auto uniform = static_cast<std::uint64_t>(uniform_double(9, 0) * 0x1p53);
  EXPECT_NE(uniform, static_cast<std::uint64_t>(fold_in(9, 0)) >> 11);
}

struct Moments {
  double mean = 0, variance = 0, skew = 0, kurtosis = 0, neighbours = 0;
};

template <class T>
Moments moments(const std::vector<T>& values) {
  Moments m;
  const auto n = static_cast<double>(values.size());
  for (const T value : values) m.mean += static_cast<double>(value) / n;
  double before = 0;
  for (const T value : values) {
    const double x = static_cast<double>(value) - m.mean;
    m.variance += x * x / n;
    m.skew += x * x * x / n;
    m.kurtosis += x * x * x * x / n;
    m.neighbours += x * before / n;
    before = x;
  }
  return m;
}

// Bounds are five standard deviations of the estimate over 2^18 numbers.
template <class T>
void expect_uniform(double step) {
  std::vector<T> values(1 << 18);
  fill_uniform(77, 0, std::span<T>(values));
  const Moments m = moments(values);
  EXPECT_NEAR(m.mean, 0.5, 0.003);
  EXPECT_NEAR(m.variance, 1.0 / 12, 0.001);
  EXPECT_NEAR(m.kurtosis, 1.0 / 80, 0.0002);
  EXPECT_NEAR(m.neighbours, 0, 0.001);
  std::vector<int> counts(256);
  for (const T value : values) {
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    ASSERT_EQ(std::fmod(static_cast<double>(value), step), 0);
    ++counts[static_cast<std::size_t>(value * 256)];
  }
  double chi = 0;
  for (const int count : counts) chi += (count - 1024.0) * (count - 1024.0) / 1024;
  EXPECT_NEAR(chi, 255, 5 * std::sqrt(2 * 255.0));
}

TEST(StreamTest, UniformsAreUniform) {
  expect_uniform<float>(0x1p-24);
  expect_uniform<double>(0x1p-53);
}

template <class T>
void expect_normal() {
  std::vector<T> values(1 << 18);
  fill_normal(78, 0, std::span<T>(values));
  const Moments m = moments(values);
  EXPECT_NEAR(m.mean, 0, 0.01);
  EXPECT_NEAR(m.variance, 1, 0.014);
  EXPECT_NEAR(m.skew, 0, 0.024);
  EXPECT_NEAR(m.kurtosis, 3, 0.1);
  EXPECT_NEAR(m.neighbours, 0, 0.01);
  const auto beyond =
      std::count_if(values.begin(), values.end(), [](T x) { return std::fabs(x) > 2; });
  EXPECT_NEAR(static_cast<double>(beyond) / (1 << 18), 0.0455, 0.002);
  for (const T value : values) ASSERT_TRUE(std::isfinite(value));
}

TEST(StreamTest, NormalsAreNormal) {
  expect_normal<float>();
  expect_normal<double>();
}

TEST(RngTest, DependsOnlyOnSeedAndOrder) {
  Rng a(3), b(3), c(4);
  const Tensor first = a.uniform({100}), second = a.uniform({5});
  EXPECT_TRUE(same_bits(first, b.uniform({100})));
  b = Rng(3);
  b.normal({7});  // another first draw does not change the second
  EXPECT_TRUE(same_bits(second, b.uniform({5})));
  EXPECT_FALSE(same_bits(first, c.uniform({100})));
  EXPECT_FALSE(same_bits(first.reshaped({10, 10}), a.uniform({10, 10})));
}

TEST(RngTest, DrawsWithinBounds) {
  Rng rng(1);
  for (const DType dtype : {f32, f64}) {
    const Tensor x = rng.uniform({20000}, -2, 3, dtype);
    EXPECT_EQ(x.dtype(), dtype);
    double low = 9, high = -9, sum = 0;
    for (std::int64_t i = 0; i < x.size(); ++i) {
      low = std::min(low, x.at(i));
      high = std::max(high, x.at(i));
      sum += x.at(i);
    }
    EXPECT_GE(low, -2);
    EXPECT_LT(low, -1.99);
    EXPECT_LT(high, 3);
    EXPECT_GT(high, 2.99);
    EXPECT_NEAR(sum / 20000, 0.5, 0.06);
  }
  // So narrow that rounding would reach the upper bound.
  const Tensor narrow = rng.uniform({1000}, 1, std::nextafter(1.0, 2.0));
  for (const double x : narrow.values<double>()) ASSERT_EQ(x, 1.0);
  const Tensor single = rng.uniform({1000}, 1, 1 + 0x1p-23, f32);
  for (const float x : single.values<float>()) ASSERT_EQ(x, 1.0F);
}

TEST(RngTest, ShiftsAndScalesNormals) {
  const Tensor x = Rng(2).normal({1 << 16}, 10, 0.5, f32);
  const Moments m = moments(x.to_vector<float>());
  EXPECT_NEAR(m.mean, 10, 0.01);
  EXPECT_NEAR(m.variance, 0.25, 0.01);
  const Tensor constant = Rng(2).normal({3}, 4, 0);
  EXPECT_EQ(constant.to_vector<double>(), (std::vector<double>{4, 4, 4}));
}

TEST(RngTest, DrawsIntegersEvenly) {
  Rng rng(5);
  std::vector<int> counts(6);
  const Tensor dice = rng.integers({60000}, 1, 7, i32);
  for (const int x : dice.values<std::int32_t>()) ++counts.at(static_cast<std::size_t>(x - 1));
  for (const int count : counts) EXPECT_NEAR(count, 10000, 460);
  constexpr auto low = std::numeric_limits<std::int64_t>::min(),
                 high = std::numeric_limits<std::int64_t>::max();
  const Tensor wide = rng.integers({1000}, low, high);
  int negative = 0;
  for (const std::int64_t x : wide.values<std::int64_t>()) negative += x < 0;
  EXPECT_NEAR(negative, 500, 80);
  const Tensor one = rng.integers({3}, 4, 5);
  EXPECT_EQ(one.to_vector<std::int64_t>(), (std::vector<std::int64_t>{4, 4, 4}));
  EXPECT_EQ(rng.integers({2}, 0, 2, b8).dtype(), b8);
  EXPECT_EQ(rng.integers({2}, 0, 100, f32).dtype(), f32);
}

TEST(RngTest, Shuffles) {
  Rng rng(6);
  std::vector<std::int64_t> first = rng.permutation(100).to_vector<std::int64_t>();
  EXPECT_NE(first, rng.permutation(100).to_vector<std::int64_t>());
  std::sort(first.begin(), first.end());
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(first[i], static_cast<std::int64_t>(i));
  EXPECT_EQ(rng.permutation(0).size(), 0);
  EXPECT_EQ(rng.permutation(1).at(0), 0);
  // All six orders of three elements are equally frequent.
  std::vector<int> counts(27);
  for (int i = 0; i < 6000; ++i) {
    const auto p = rng.permutation(3).to_vector<std::int64_t>();
    ++counts[static_cast<std::size_t>(p[0] * 9 + p[1] * 3 + p[2])];
  }
  for (const int at : {5, 7, 11, 15, 19, 21})
    EXPECT_NEAR(counts[static_cast<std::size_t>(at)], 1000, 145);
}

TEST(RngTest, InitialisesWeights) {
  Rng rng(7);
  const Tensor glorot = rng.glorot_uniform({300, 100});
  const double bound = std::sqrt(6.0 / 400);
  double largest = 0;
  for (const double x : glorot.values<double>()) largest = std::max(largest, std::fabs(x));
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, 0.99 * bound);
  const Moments he = moments(rng.he_normal({200, 300}, f32).to_vector<float>());
  EXPECT_NEAR(he.variance, 0.01, 0.0003);
  EXPECT_EQ(rng.glorot_uniform({0, 0}).size(), 0);
  EXPECT_EQ(rng.he_normal({0, 4}).size(), 0);
}

TEST(RngTest, DrawsSingleNumbersAndKeys) {
  Rng rng(8);
  const double x = rng.number(2, 3);
  EXPECT_GE(x, 2);
  EXPECT_LT(x, 3);
  EXPECT_NE(x, rng.number(2, 3));
  EXPECT_EQ(rng.integer(-1, 0), -1);
  EXPECT_NE(rng.key(), rng.key());
}

TEST(RngTest, RefusesNonsense) {
  Rng rng(9);
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  EXPECT_THROWS(rng.uniform({2}, 1, 1), ArgumentError,
                "uniform: needs low < high, both finite and at a finite distance, got [1, 1)");
  EXPECT_THROW(rng.uniform({2}, 0, inf), ArgumentError);
  EXPECT_THROW(rng.uniform({2}, nan, 1), ArgumentError);
  EXPECT_THROW(rng.uniform({2}, -1e308, 1e308), ArgumentError);
  EXPECT_THROWS(rng.uniform({2}, 0, 1, i32), TypeError,
                "uniform: the dtype must be float32 or float64, got int32");
  EXPECT_THROWS(rng.normal({2}, 0, -1), ArgumentError,
                "normal: needs a finite mean and a finite deviation >= 0, got 0 and -1");
  EXPECT_THROW(rng.normal({2}, nan), ArgumentError);
  EXPECT_THROWS(rng.normal({2}, 0, 1, b8), TypeError,
                "normal: the dtype must be float32 or float64, got bool");
  EXPECT_THROWS(rng.integers({2}, 3, 3), ArgumentError, "integers: needs low < high, got [3, 3)");
  EXPECT_THROWS(rng.integers({2}, 0, std::int64_t{1} << 32, i32), ArgumentError,
                "the number 4294967295 is outside the range of int32");
  EXPECT_THROWS(rng.permutation(-1), ShapeError, "a dimension must be at least 0, got -1 in [-1]");
  EXPECT_THROWS(rng.glorot_uniform({3}), ShapeError,
                "glorot_uniform: weights must have the shape [in, out], got [3]");
  EXPECT_THROWS(rng.he_normal({3, 4, 5}), ShapeError,
                "he_normal: weights must have the shape [in, out], got [3,4,5]");
  EXPECT_THROW(rng.number(1, 0), ArgumentError);
  EXPECT_THROW(rng.integer(1, 1), ArgumentError);
}

}  // namespace
}  // namespace dagrad
