#include "src/program/functions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <thread>

#include "src/program/primitives.hpp"
#include "tests/program/support.hpp"

namespace dagrad::test {
namespace {

constexpr InstructionSet sets[] = {InstructionSet::plain, InstructionSet::avx2,
                                   InstructionSet::avx512};

std::vector<Primitive> library_functions() {
  std::vector<Primitive> all;
  for (std::size_t i = 0; i < detail::words; ++i)
    if (detail::is_function(static_cast<Primitive>(i))) all.push_back(static_cast<Primitive>(i));
  return all;
}

/// Numbers of every kind: ordinary, huge, tiny, infinite, NaN.
template <class T>
std::vector<T> mixed(std::size_t n, unsigned seed) {
  using L = std::numeric_limits<T>;
  const T special[] = {
      0,        -T(0),           1,  -1,   L::infinity(), -L::infinity(), L::quiet_NaN(), L::max(),
      L::min(), L::denorm_min(), 89, -104, 710,           -746,           T(1e22)};
  std::mt19937 random(seed);
  std::vector<T> values;
  for (std::size_t i = 0; i < n; ++i) {
    const double ordinary = std::uniform_real_distribution<double>(-2, 2)(random);
    values.push_back(random() % 3 == 0 ? special[random() % std::size(special)]
                                       : static_cast<T>(ordinary));
  }
  return values;
}

template <class T>
void expect_equal_lanes(Primitive word) {
  const auto a = mixed<T>(1009, 1), b = mixed<T>(1009, 2);
  std::vector<T> all(a.size());
  detail::apply_function(word, a.data(), b.data(), all.data(), static_cast<std::int64_t>(a.size()));
  for (std::size_t i = 0; i < a.size(); ++i) {
    const T alone = detail::call_function(word, a[i], b[i]);
    if (std::isnan(alone) && std::isnan(all[i])) continue;
    EXPECT_EQ(to_bits(alone), to_bits(all[i])) << name(word) << '(' << a[i] << ", " << b[i] << ')';
  }
}

TEST(Functions, GiveAnElementTheSameBitsAloneAndAmongOthers) {
  for (InstructionSet set : sets) {
    if (!available(set)) continue;
    const UseFunctions functions(set);
    for (Primitive word : library_functions()) {
      expect_equal_lanes<float>(word);
      expect_equal_lanes<double>(word);
    }
  }
}

TEST(Functions, StayWithinFourUlpOfTheLibrary) {
  const auto a = mixed<double>(5000, 3), b = mixed<double>(5000, 4);
  for (InstructionSet set : sets) {
    if (!available(set)) continue;
    for (Primitive word : library_functions()) {
      for (std::size_t i = 0; i < a.size(); ++i) {
        double want, got;
        {
          const UseFunctions functions(InstructionSet::plain);
          want = detail::call_function(word, a[i], b[i]);
        }
        const UseFunctions functions(set);
        got = detail::call_function(word, a[i], b[i]);
        if (std::isnan(want) && std::isnan(got)) continue;
        const double ulp = std::nextafter(std::fabs(want), INFINITY) - std::fabs(want);
        ASSERT_TRUE(got == want || std::fabs(got - want) <= 4 * ulp)
            << name(word) << '(' << a[i] << ", " << b[i] << ") = " << got << ", want " << want;
      }
    }
  }
}

/// The largest error of a function, in units in the last place.
double worst_error(Primitive word, long double (*exact)(long double), double range) {
  std::mt19937_64 random(7);
  double worst = 0;
  for (int i = 0; i < 200000; ++i) {
    const double x = std::uniform_real_distribution<double>(-range, range)(random);
    const long double want = exact(x);
    const double near = std::fabs(static_cast<double>(want));
    const double ulp = std::nextafter(near, INFINITY) - near;
    const long double error = std::fabs(detail::call_function(word, x) - want);
    worst = std::max(worst, static_cast<double>(error / ulp));
  }
  return worst;
}

TEST(Functions, OwnExponentialsAreAccurate) {
  if (!available(InstructionSet::avx512)) GTEST_SKIP();
  const UseFunctions functions(InstructionSet::avx512);
  const auto exp = [](long double x) { return std::exp(x); };
  const auto tanh = [](long double x) { return std::tanh(x); };
  for (const double range : {1e-300, 1e-9, 0.2, 1.0, 20.0, 700.0}) {
    EXPECT_LT(worst_error(Primitive::exp, exp, range), 1.1) << range;
    EXPECT_LT(worst_error(Primitive::tanh, tanh, range), 3) << range;
  }
  const auto is = [](Primitive word, double x, double y) {
    EXPECT_EQ(to_bits(detail::call_function(word, x)), to_bits(y)) << name(word) << ' ' << x;
  };
  for (const double x : {0.0, -0.0, 5e-324, -1e-310}) is(Primitive::tanh, x, x);
  for (const double x : {20.0, 1e300, std::numeric_limits<double>::infinity()}) {
    is(Primitive::tanh, x, 1);
    is(Primitive::tanh, -x, -1);
  }
  for (const double x : {0.0, -0.0, 5e-324}) is(Primitive::exp, x, 1);
  for (const double x : {-746.0, -1e300, -HUGE_VAL}) is(Primitive::exp, x, 0);
  for (const double x : {709.79, 1e300, HUGE_VAL}) is(Primitive::exp, x, HUGE_VAL);
  EXPECT_NEAR(detail::call_function(Primitive::exp, -744.0) / 5e-324, 2, 1e-9) << "subnormal";
  EXPECT_TRUE(std::isnan(detail::call_function(Primitive::exp, NAN)));
  EXPECT_TRUE(std::isnan(detail::call_function(Primitive::tanh, NAN)));
}

TEST(Functions, SineAndCosineNeverLeaveTheirRange) {
  std::mt19937 random(5);
  for (InstructionSet set : sets) {
    if (!available(set)) continue;
    const UseFunctions functions(set);
    double largest = 0;
    for (int i = 0; i < 200000; ++i) {
      const double peak = static_cast<double>(random() % 200) * M_PI / 2;
      const double x = peak * (1 + std::uniform_real_distribution<double>(0, 1e-9)(random));
      largest = std::max({largest, std::fabs(detail::call_function(Primitive::sin, x)),
                          std::fabs(detail::call_function(Primitive::cos, x))});
    }
    EXPECT_EQ(largest, 1) << name(set);
  }
}

TEST(Functions, OfPowersOfTwoAreExact) {
  for (InstructionSet set : sets) {
    if (!available(set)) continue;
    const UseFunctions functions(set);
    for (int k = -1074; k <= 1023; ++k) {
      EXPECT_EQ(detail::call_function(Primitive::exp2, double(k)), std::ldexp(1, k)) << name(set);
      EXPECT_EQ(detail::call_function(Primitive::log2, std::ldexp(1, k)), k) << name(set);
    }
    for (int k = -149; k <= 127; ++k) {
      EXPECT_EQ(detail::call_function(Primitive::exp2, float(k)), std::ldexp(1.0F, k));
      EXPECT_EQ(detail::call_function(Primitive::log2, std::ldexp(1.0F, k)), float(k));
    }
  }
}

TEST(Functions, OverwriteTheirOperand) {
  std::vector<double> x{0.5, 1, 2, 3, 4};
  detail::apply_function(Primitive::exp, x.data(), nullptr, x.data(), 5);
  EXPECT_NEAR(x[4], std::exp(4.0), 1e-12);
  EXPECT_NEAR(x[0], std::exp(0.5), 1e-15);
}

TEST(Functions, HaveVectorCodeForEachSet) {
  for (Primitive word : library_functions()) {
    EXPECT_EQ(detail::vector_function(InstructionSet::plain, word, f32), nullptr);
    for (InstructionSet set : {InstructionSet::avx2, InstructionSet::avx512}) {
      if (!available(set)) continue;
      const bool has = !detail::is_own(word);
      EXPECT_EQ(detail::vector_function(set, word, f32) != nullptr, has) << name(word);
      EXPECT_EQ(detail::vector_function(set, word, f64) != nullptr, has) << name(word);
      EXPECT_EQ(detail::vector_function(set, word, i32), nullptr);
      EXPECT_EQ(detail::vector_function(set, word, b8), nullptr);
    }
  }
}

TEST(Functions, AreChosenForAThreadAndAScope) {
  const InstructionSet outer = detail::functions_in_force();
  EXPECT_EQ(outer, best_instruction_set());
  {
    const UseFunctions plain(InstructionSet::plain);
    EXPECT_EQ(detail::functions_in_force(), InstructionSet::plain);
    {
      const UseFunctions best(best_instruction_set());
      EXPECT_EQ(detail::functions_in_force(), best_instruction_set());
    }
    EXPECT_EQ(detail::functions_in_force(), InstructionSet::plain);
    std::thread([&] { EXPECT_EQ(detail::functions_in_force(), outer); }).join();
  }
  EXPECT_EQ(detail::functions_in_force(), outer);
}

TEST(InstructionSets, HaveNamesAndPlainEverywhere) {
  EXPECT_EQ(name(InstructionSet::plain), "plain");
  EXPECT_EQ(name(InstructionSet::avx2), "avx2");
  EXPECT_EQ(name(InstructionSet::avx512), "avx512");
  EXPECT_TRUE(available(InstructionSet::plain));
  EXPECT_TRUE(available(best_instruction_set()));
  EXPECT_LE(available(InstructionSet::avx512), available(InstructionSet::avx2));
}

TEST(InstructionSetsDeathTest, AreChosenByTheEnvironment) {  // in a separate process
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto chosen = [](const char* asked, InstructionSet expected) {
    ::setenv("DAGRAD_INSTRUCTION_SET", asked, 1);
    EXPECT_EXIT(std::exit(best_instruction_set() == expected ? 0 : 1), testing::ExitedWithCode(0),
                "")
        << asked;
    ::unsetenv("DAGRAD_INSTRUCTION_SET");
  };
  InstructionSet best = InstructionSet::plain;
  for (InstructionSet set : sets)
    if (available(set)) best = set;
  for (InstructionSet set : sets)
    chosen(std::string(name(set)).c_str(), available(set) ? set : best);
  chosen("avx3", best);
}

}  // namespace
}  // namespace dagrad::test
