#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dagrad/probe.hpp"
#include "tests/program/support.hpp"

namespace dagrad::test {
namespace {

using Trace = std::vector<std::int64_t>;

template <class F>
Trace decided(const F& functor, double x, double y = 0) {
  Trace trace;
  const DecisionSink sink = [&](std::int64_t branch) { trace.push_back(branch); };
  const void* in[] = {&x, &y};
  decisions(record2(functor), in, sink);
  return trace;
}
/// Runs the functor on probes.
template <class F>
Trace probed(const F& functor, double x, double y = 0) {
  Trace trace;
  const DecisionSink sink = [&](std::int64_t branch) { trace.push_back(branch); };
  functor(Probe<double>(x, sink), Probe<double>(y, sink));
  return trace;
}

TEST(Decisions, IdentifyTheBranchOfEachPrimitiveThatHasOne) {
  const auto one = [](auto word, double x, double y = 0) { return decided(word, x, y); };
  EXPECT_EQ(one([](auto x, auto) { return abs(x); }, -3), Trace{-1});
  EXPECT_EQ(one([](auto x, auto) { return abs(x); }, 0), Trace{0});
  EXPECT_EQ(one([](auto x, auto) { return sign(x); }, 2), Trace{1});
  EXPECT_EQ(one([](auto x, auto) { return floor(x); }, -2.5), Trace{-3});
  EXPECT_EQ(one([](auto x, auto) { return round(x); }, 2.5), Trace{2});
  EXPECT_EQ(one([](auto x, auto) { return trunc(x); }, -2.5), Trace{-2});
  EXPECT_EQ(one([](auto x, auto y) { return floor_divide(x, y); }, -7, 2), Trace{-4});
  EXPECT_EQ(one([](auto x, auto y) { return copysign(x, y); }, 3, 2), Trace{2});
  EXPECT_EQ(one([](auto x, auto y) { return copysign(x, y); }, 3, -0.0), Trace{3});
  EXPECT_EQ(one([](auto x, auto y) { return copysign(x, y); }, -3, 2), Trace{-2});
  EXPECT_EQ(one([](auto x, auto y) { return maximum(x, y); }, 1, 2), Trace{-1});
  EXPECT_EQ(one([](auto x, auto y) { return minimum(x, y); }, 2, 2), Trace{0});
  EXPECT_EQ(one([](auto x, auto y) { return x < y; }, 1, 2), Trace{1});
  EXPECT_EQ(one([](auto x, auto y) { return remainder(x, y); }, -7, 2), Trace{-4});
  EXPECT_EQ(one([](auto y, auto x) { return atan2(y, x); }, -0.0, -1), Trace{-1});
  EXPECT_EQ(one([](auto y, auto x) { return atan2(y, x); }, 0.0, -1), Trace{1});
  EXPECT_EQ(one([](auto y, auto x) { return atan2(y, x); }, -1, 1), Trace{0});
}

TEST(Decisions, AreNotReportedForSmoothPrimitives) {
  EXPECT_EQ(
      decided([](auto x, auto y) { return softplus(x) + logaddexp(x, y) * sigmoid(x); }, 0, 0),
      Trace{});
  EXPECT_EQ(decided([](auto x, auto) { return lgamma(x) * digamma(x) + cbrt(x); }, 1.5), Trace{});
  EXPECT_EQ(decided([](auto x, auto y) { return exp(x) / hypot(x, y) - pull(x, y); }, 1, 2),
            Trace{});
}

TEST(Decisions, IncludeIntegersAndConditions) {
  const Program p = record(
      [](auto x) { return select(x[0], Symbol::cast(x[1], i32) + 5, Symbol::cast(x[1], i64)); },
      {b8, f64});
  const bool condition = true;
  const double x = 2.5;
  const void* in[] = {&condition, &x};
  Trace trace;
  decisions(p, in, [&](std::int64_t branch) { trace.push_back(branch); });
  EXPECT_EQ(trace, (Trace{2, 7, 7, 2, 7}));  // cast, sum, cast to i64, cast, select
}

TEST(Decisions, SurviveNumbersBeyondIntegers) {
  const auto whole = [](auto x, auto) { return floor(x); };
  EXPECT_EQ(decided(whole, 1e300), Trace{std::numeric_limits<std::int64_t>::max()});
  EXPECT_EQ(decided(whole, std::nan("")), Trace{0});
}

TEST(Probe, DecidesAsTheProgramDoes) {
  const auto functor = [](auto x, auto y) {
    return select(x > y, abs(x) + floor(y), maximum(x, y) * sign(x)) + remainder(x, y) +
           copysign(trunc(x), floor_divide(x, y));
  };
  for (double x : {-2.5, 0.0, 3.5}) {
    for (double y : {-1.0, 2.0}) {
      Trace program = decided(functor, x, y), probe = probed(functor, x, y);
      EXPECT_EQ(std::count(program.begin(), program.end(), x > y) > 0, true);
      std::sort(program.begin(), program.end());
      probe.push_back(x > y);  // the select of a program also reports its condition
      std::sort(probe.begin(), probe.end());
      EXPECT_EQ(program, probe);
    }
  }
}

template <PlainNumber T>
T branching(const T& x) {
  if (x > 1 && !is_nan(x)) return sqrt(x);
  if (x < 0) return -x;
  return x * x;
}

TEST(Probe, BranchesAndComputesLikeANumber) {
  static_assert(PlainNumber<Probe<float>> && PlainNumber<Number<float, true>>);
  static_assert(!PlainNumber<Number<float>> && !PlainNumber<Symbol>);
  Trace trace;
  const DecisionSink sink = [&](std::int64_t branch) { trace.push_back(branch); };
  EXPECT_EQ(branching(Probe<double>(9, sink)).value(), 3);
  EXPECT_EQ(trace, (Trace{1, 0, 1, 1}));  // greater, is_nan, not, and
  trace.clear();
  EXPECT_EQ(branching(Probe<double>(-2, sink)).value(), 2);
  EXPECT_EQ(trace.back(), 1);
  EXPECT_EQ(branching(Number<double, true>(0.5)).value(), 0.25);
}

TEST(Probe, OfALiteralReportsNothing) {
  const Probe<double> x(2.0);
  EXPECT_TRUE(static_cast<bool>(x > 1));
  EXPECT_EQ(floor(x).value(), 2);
}

}  // namespace
}  // namespace dagrad::test
