#include "src/check/derivative.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dagrad::detail {
namespace {

/// f along a line through x with natural step `size`; `trace` identifies the branch taken.
template <class F>
Line line_through(F f, double x, double size, std::function<std::uint64_t(double)> trace = {}) {
  return [=](double t) {
    const double at = x + t * size, value = f(at) - f(x);
    return ValueOnLine{(at - x) / size, value, trace ? trace(at) : 0, std::isfinite(value)};
  };
}

template <class F>
Verdict verdict(F f, double x, double slope, std::function<std::uint64_t(double)> trace = {}) {
  const double size = x == 0 ? 1 : std::max(std::abs(x), 1e-3);
  const Line line = line_through(f, x, size, trace);
  return hold(line, slope * size, std::numeric_limits<double>::epsilon() * (1 + std::abs(f(x))))
      .verdict;
}

struct Known {
  const char* name;
  double (*f)(double);
  double (*slope)(double);
  std::vector<double> at;
};
const std::vector<Known> known{
    {"exp",
     [](double x) { return std::exp(x); },
     [](double x) { return std::exp(x); },
     {0, 1, -1, 1e-8, 12, -12, 100}},
    {"sin",
     [](double x) { return std::sin(x); },
     [](double x) { return std::cos(x); },
     {0, 1, -1, 1e-8, 12, 1e3}},
    {"log",
     [](double x) { return std::log(x); },
     [](double x) { return 1 / x; },
     {1, 1e-8, 1e-12, 1e6, 1 + 1e-9}},
    {"sqrt",
     [](double x) { return std::sqrt(x); },
     [](double x) { return 0.5 / std::sqrt(x); },
     {1, 1e-8, 1e-12, 1e6}},
    {"asin",
     [](double x) { return std::asin(x); },
     [](double x) { return 1 / std::sqrt((1 - x) * (1 + x)); },
     {0, 0.5, 1 - 1e-4, -1 + 1e-6}},
    {"reciprocal",
     [](double x) { return 1 / x; },
     [](double x) { return -1 / (x * x); },
     {1, 1e-6, -1e-9, 1e5}},
    {"cube",
     [](double x) { return x * x * x; },
     [](double x) { return 3 * x * x; },
     {1, -3, 1e4, 1e-3}},
    {"tan",
     [](double x) { return std::tan(x); },
     [](double x) { return 1 + std::tan(x) * std::tan(x); },
     {0, 1, 1.57}},
};

TEST(Derivative, AgreesWithKnownDerivatives) {
  for (const Known& k : known)
    for (const double x : k.at)
      EXPECT_EQ(name(verdict(k.f, x, k.slope(x))), "agree") << k.name << " at " << x;
}

TEST(Derivative, RejectsErrorsOfOnePercent) {
  for (const Known& k : known)
    for (const double x : k.at)
      for (const double factor : {1.01, 0.99, 2.0, -1.0, 0.0})
        EXPECT_EQ(name(verdict(k.f, x, k.slope(x) * factor)), "disagree")
            << k.name << " at " << x << " times " << factor;
}

TEST(Derivative, StaysWithinItsErrorBound) {
  for (const Known& k : known) {
    for (const double x : k.at) {
      const double size = x == 0 ? 1 : std::max(std::abs(x), 1e-3);
      const Derivative d =
          differentiate(line_through(k.f, x, size), 1e-16 * (1 + std::abs(k.f(x))));
      EXPECT_LE(std::abs(d.value - k.slope(x) * size), d.error) << k.name << " at " << x;
    }
  }
}

TEST(Derivative, KeepsToTheBranchAtThePoint) {
  const auto abs = [](double x) { return std::abs(x); };
  const auto sign = [](double x) { return static_cast<std::uint64_t>((x > 0) - (x < 0) + 1); };
  EXPECT_EQ(verdict(abs, 1e-9, 1, sign), Verdict::agree);
  EXPECT_EQ(verdict(abs, -1e-9, -1, sign), Verdict::agree);
  EXPECT_EQ(verdict(abs, 1e-9, 0.99, sign), Verdict::disagree);
  EXPECT_EQ(verdict(abs, 0, 0.5, sign), Verdict::unresolved);
}

TEST(Derivative, FindsAnUnreportedKink) {
  const auto kink = [](double x) { return std::abs(x - 1.0009765625) + x; };
  EXPECT_EQ(verdict(kink, 1, 0), Verdict::agree);
  EXPECT_EQ(verdict(kink, 1, 1), Verdict::disagree);
}

TEST(Derivative, IsUnresolvedIfRoundingHidesIt) {
  const auto lost = [](double x) { return 1e9 + 1e-9 * x; };
  EXPECT_EQ(verdict(lost, 1, 1e-9), Verdict::unresolved);
  const auto offset = [](double x) { return (1e6 + x) - 1e6; };
  EXPECT_NE(verdict(offset, 1e-3, 1), Verdict::disagree);
  EXPECT_EQ(verdict(offset, 1e-3, 0.9), Verdict::disagree);
}

TEST(Derivative, NeglectsTinySlopesOfLargeValues) {
  const auto beside_value = [](auto f, double x, double slope) {
    return hold(line_through(f, x, x), slope * x,
                std::numeric_limits<double>::epsilon() * (1 + std::abs(f(x))), std::abs(f(x)))
        .verdict;
  };
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  EXPECT_EQ(beside_value(sigmoid, 40, 4.248354255291589e-18), Verdict::negligible);
  EXPECT_EQ(beside_value(sigmoid, 60, 8.75651076269652e-27), Verdict::negligible);
  EXPECT_EQ(beside_value(sigmoid, 60, 0), Verdict::agree);
  EXPECT_EQ(beside_value([](double x) { return 1e9 + 1e-9 * x; }, 1, -1e-9), Verdict::negligible);
  // Slopes that finite differences can resolve are compared.
  EXPECT_EQ(beside_value(sigmoid, 40, 1e-9), Verdict::disagree);
  EXPECT_EQ(beside_value(sigmoid, 20, 2.061153618190204e-9), Verdict::agree);
  EXPECT_EQ(beside_value(sigmoid, 20, 0), Verdict::disagree);
}

TEST(Derivative, AcceptsZeroForZero) {
  EXPECT_EQ(verdict([](double) { return 3.0; }, 1, 0), Verdict::agree);
  EXPECT_EQ(verdict([](double x) { return x * x; }, 0, 0), Verdict::agree);
}

TEST(Derivative, NeverAcceptsNaN) {
  const double nan = std::numeric_limits<double>::quiet_NaN(),
               infinity = std::numeric_limits<double>::infinity();
  const auto square = [](double x) { return x * x; };
  EXPECT_EQ(verdict(square, 1, nan), Verdict::disagree);
  EXPECT_EQ(verdict(square, 1, infinity), Verdict::disagree);
  EXPECT_EQ(verdict([](double x) { return std::sqrt(x); }, 0, infinity), Verdict::unresolved);
  EXPECT_EQ(verdict([](double x) { return std::log(x); }, -1, nan), Verdict::disagree);
}

}  // namespace
}  // namespace dagrad::detail
