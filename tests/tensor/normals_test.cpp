#include "src/tensor/normals.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <vector>

#include "dagrad/random.hpp"
#include "src/tensor/box_muller.hpp"

namespace dagrad {
namespace {

using detail::BlockCounter;

constexpr std::int64_t groups = 40, blocks = groups * detail::blocks_in_group;

template <class T>
std::vector<T> normals(InstructionSet set, std::uint64_t key, BlockCounter first, double mean,
                       double deviation) {
  std::vector<T> all(static_cast<std::size_t>(blocks * detail::normals_per_block<T>));
  detail::normals_for<T>(set)(key, first, groups, all.data(), mean, deviation);
  return all;
}

template <class T>
void expect_same_bits_on_each_instruction_set() {
  for (const std::uint64_t key : {std::uint64_t{7}, ~std::uint64_t{0} - 3}) {
    const BlockCounter first{0xfffffff0, key};  // the lower half carries
    const std::vector<T> plain = normals<T>(InstructionSet::plain, key, first, 0.25, 3);
    for (const InstructionSet set : {InstructionSet::avx2, InstructionSet::avx512}) {
      if (!available(set)) continue;
      const std::vector<T> others = normals<T>(set, key, first, 0.25, 3);
      EXPECT_EQ(std::memcmp(plain.data(), others.data(), plain.size() * sizeof(T)), 0) << name(set);
    }
  }
}

TEST(NormalsTest, HaveTheSameBitsOnEachInstructionSet) {
  expect_same_bits_on_each_instruction_set<float>();
  expect_same_bits_on_each_instruction_set<double>();
}

/// Compares the two numbers of a uniform pair with those of libm in higher precision. Close to a
/// zero of the sine or cosine, 2π v is the least accurate of all.
template <class T>
void expect_pair(long double u, long double v, T first, T second) {
  const long double radius = std::sqrt(-2 * std::log(u)),
                    angle = 2 * std::numbers::pi_v<long double> * v;
  const auto expect = [&](T got, long double exact) {
    const long double most =
        3 * std::abs(exact) * std::numeric_limits<T>::epsilon() + 1e-18L * radius;
    ASSERT_LE(std::abs(static_cast<long double>(got) - exact), most)
        << "of " << static_cast<double>(u) << " and " << static_cast<double>(v);
  };
  expect(first, radius * std::cos(angle));
  expect(second, radius * std::sin(angle));
}

TEST(NormalsTest, AreThoseOfTheWordsOfTheirBlocks) {
  const BlockCounter first{0xfffffff0, 5};
  const auto floats = normals<float>(best_instruction_set(), 99, first, 0, 1);
  const auto doubles = normals<double>(best_instruction_set(), 99, first, 0, 1);
  for (std::size_t i = 0; i < static_cast<std::size_t>(blocks); ++i) {
    const PhiloxBlock block = philox(99, first.low + i, first.high);
    const auto& word = block.word;
    for (std::size_t j = 0; j < 4; j += 2)
      expect_pair((word[j] + 1.0L) * 0x1p-32L, word[j + 1] * 0x1p-32L, floats[4 * i + j],
                  floats[4 * i + j + 1]);
    const auto bits53 = [&](std::size_t at) {
      return (static_cast<std::uint64_t>(word[at + 1]) << 32 | word[at]) >> 11;
    };
    expect_pair((static_cast<long double>(bits53(0)) + 1) * 0x1p-53L,
                static_cast<long double>(bits53(2)) * 0x1p-53L, doubles[2 * i], doubles[2 * i + 1]);
  }
}

TEST(NormalsTest, LogarithmsAreWithinOneUnit) {
  EXPECT_EQ(detail::log_of(1), 0);
  for (double x = 0x1p-53; x <= 1; x *= 1.0001) {
    const long double exact = std::log(static_cast<long double>(x));
    ASSERT_LE(std::abs(detail::log_of(x) - exact), 0x1p-52L * std::abs(exact)) << x;
  }
  for (double x = 1; x > 1 - 0x1p-40; x = std::nextafter(x, 0) - 0x1p-47) {
    const long double exact = std::log(static_cast<long double>(x));
    ASSERT_LE(std::abs(detail::log_of(x) - exact), 0x1p-52L * std::abs(exact)) << x;
  }
}

TEST(NormalsTest, QuarterTurnsAreExact) {
  const double sines[] = {0, 1, 0, -1, 0}, cosines[] = {1, 0, -1, 0, 1};
  for (int quarter = 0; quarter <= 4; ++quarter) {
    double sine = 2, cosine = 2;
    detail::sine_and_cosine(quarter * 0.25, sine, cosine);
    EXPECT_EQ(sine, sines[quarter]);
    EXPECT_EQ(cosine, cosines[quarter]);
  }
}

TEST(NormalsTest, SinesAndCosinesAreWithinTwoUnits) {
  for (int i = 0; i <= 100'000; ++i) {
    const double turns = i * 1e-5;
    double sine = 0, cosine = 0;
    detail::sine_and_cosine(turns, sine, cosine);
    const long double angle = 2 * std::numbers::pi_v<long double> * turns;
    const auto expect = [&](double got, long double exact) {
      ASSERT_LE(std::abs(got - exact), 0x1p-51L * std::abs(exact) + 1e-18L) << turns;
    };
    expect(sine, std::sin(angle));
    expect(cosine, std::cos(angle));
  }
}

}  // namespace
}  // namespace dagrad
