#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dagrad/compile.hpp"
#include "dagrad/ops/functions.hpp"
#include "src/program/primitives.hpp"
#include "tests/program/support.hpp"

/// pow with a literal exponent that has a formula.
namespace dagrad::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
const double exponents[] = {-4, -3, -2, -1, -0.5, 0.5, 1, 2, 3, 4, 5, 6, 7, 8};

Program power(double exponent, DType dtype) {
  return record1([&](auto x) { return pow(x, exponent); }, dtype);
}

bool has(const Program& program, Primitive word) {
  return std::any_of(program.steps.begin(), program.steps.end(),
                     [&](const Instruction& step) { return step.primitive == word; });
}

template <class T>
std::vector<double> edges() {
  using Limits = std::numeric_limits<T>;
  std::vector<double> all;
  for (const double x :
       {0.0, 1.0, 2.0, 0.5, 3.7, infinity, double(Limits::min()), double(Limits::denorm_min()),
        double(Limits::max()), 0.75 * std::sqrt(double(Limits::max())),
        1.5 / std::sqrt(double(Limits::max())), 4 * std::cbrt(double(Limits::max()))}) {
    all.push_back(x);
    all.push_back(-x);
  }
  all.push_back(nan);
  return all;
}

/// Whether the result agrees with pow: exactly if it is 0, infinite or NaN, else within 4 ε or the
/// rounding of a subnormal number.
template <class T>
void expect_pow(double exponent, double x) {
  const T base = static_cast<T>(x);
  const double got = run(power(exponent, dtype_of<T>), {x})[0];
  const long double exact = std::pow(static_cast<long double>(base), exponent);
  const T want = static_cast<T>(exact);
  SCOPED_TRACE(std::to_string(x) + " to the power of " + std::to_string(exponent));
  if (std::isnan(want)) {
    EXPECT_TRUE(std::isnan(got)) << got;
    return;
  }
  EXPECT_EQ(std::signbit(got), std::signbit(want));
  if (want == 0 || std::isinf(want)) {
    EXPECT_EQ(got, want);
    return;
  }
  using Limits = std::numeric_limits<T>;
  const double bound = 4 * std::abs(static_cast<double>(want)) * Limits::epsilon();
  EXPECT_NEAR(got, static_cast<double>(want), std::max(bound, 8.0 * Limits::denorm_min()));
}

TEST(Power, AgreesWithPowAtItsEdges) {
  for (const double exponent : exponents) {
    for (const double x : edges<double>()) expect_pow<double>(exponent, x);
    for (const double x : edges<float>()) expect_pow<float>(exponent, x);
  }
}

TEST(Power, IsAsAccurateAsPow) {
  for (const double exponent : exponents) {
    double x = 0.001;
    for (int i = 0; i < 500; ++i, x *= 1.0279) {
      expect_pow<double>(exponent, x);
      expect_pow<float>(exponent, -x);
    }
  }
}

TEST(Power, UnderflowsOnlyIfItsResultDoes) {
  EXPECT_EQ(run(power(-2, f64), {0x1p515})[0], 0x1p-1030);
  EXPECT_EQ(run(power(-3, f64), {-0x1p350})[0], -0x1p-1050);
}

TEST(Power, IsRecordedOnlyForLiterals) {
  for (const double exponent : exponents) {
    const Program p = power(exponent, f64);
    EXPECT_TRUE(has(p, Primitive::power)) << exponent;
    EXPECT_FALSE(has(lower(p), Primitive::power)) << exponent;
    EXPECT_FALSE(has(lower(p), Primitive::pow)) << exponent;
  }
  for (const double exponent : {0.0, 9.0, -5.0, 1.5, 2.0000001, nan, infinity})
    EXPECT_TRUE(has(power(exponent, f64), Primitive::pow)) << exponent;
  EXPECT_TRUE(has(record1([](Symbol x) { return pow(x, Symbol(2)); }), Primitive::power));
  EXPECT_TRUE(has(record1([](Symbol x) { return pow(2, x); }), Primitive::pow));
  const Program by_input =
      record2([](Symbol x, Symbol y) { return Symbol::call(Primitive::power, x, y); });
  EXPECT_TRUE(has(by_input, Primitive::pow));
  EXPECT_EQ(formula(power(2, f64)), "pow(x, 2)");
  EXPECT_EQ(formula(power(-0.5, f32)), "pow(x, -0.5)");
  EXPECT_THROW(power(2, i32), TypeError);
}

/// One element, computed in every possible way.
template <class T>
void expect_same_bits(double exponent, const std::vector<T>& x) {
  const DType dtype = dtype_of<T>;
  const Program p = power(exponent, dtype), basic = lower(p);
  Graph graph;
  const Value input = graph.input("x", {dtype, {static_cast<std::int64_t>(x.size())}});
  const Tensor assembled =
      evaluate(pow(input, exponent), {{input, Tensor({static_cast<std::int64_t>(x.size())}, x)}});
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double number = static_cast<double>(pow(Number<T>(x[i]), exponent).value());
    const double plain = run(p, {double(x[i])})[0], lowered = run(basic, {double(x[i])})[0];
    const double machine = assembled.at(static_cast<std::int64_t>(i));
    if (std::isnan(number)) continue;
    EXPECT_EQ(to_bits(plain), to_bits(number)) << x[i] << ' ' << exponent;
    EXPECT_EQ(to_bits(lowered), to_bits(number)) << x[i] << ' ' << exponent;
    EXPECT_EQ(to_bits(machine), to_bits(number)) << x[i] << ' ' << exponent;
    if (dtype == f64) {
      const double folded = pow(Symbol(double(x[i])), exponent).literal().real();
      EXPECT_EQ(to_bits(folded), to_bits(number)) << x[i] << ' ' << exponent;
    }
  }
}

TEST(Power, HasTheSameBitsHoweverItIsComputed) {
  std::vector<double> wide;
  std::vector<float> narrow;
  for (int i = -37; i < 40; ++i) wide.push_back(0.37 * i + 1e-3 * i * i);
  for (const double x : edges<double>()) wide.push_back(x);
  for (const double x : edges<float>()) narrow.push_back(static_cast<float>(x));
  for (const double x : wide) narrow.push_back(static_cast<float>(x));
  for (const double exponent : exponents) {
    expect_same_bits(exponent, wide);
    expect_same_bits(exponent, narrow);
  }
}

TEST(Power, HasPowersAsDerivatives) {
  EXPECT_EQ(formula(derivative(power(3, f64))), "3 * pow(x, 2)");
  EXPECT_EQ(formula(derivative(power(2, f64))), "2 * x");
  EXPECT_EQ(formula(derivative(power(0.5, f64))), "0.5 * pow(x, -0.5)");
  EXPECT_FALSE(has(lower(derivative(derivative(power(4, f32)))), Primitive::pow));
  EXPECT_EQ(run(derivative(power(0.5, f64)), {0})[0], infinity);
  EXPECT_EQ(run(derivative(power(-1, f64)), {-2})[0], -0.25);
}

TEST(Power, IsASeparateNode) {
  Graph graph;
  const Value x = graph.input("x", {f32, {3}}), y = pow(x, 0.5);
  EXPECT_EQ(y.node().op().name(), "power");
  EXPECT_EQ(y.node().op().attributes(), "exponent=0.5");
  EXPECT_EQ(y.node().operands().size(), 1U);
  EXPECT_EQ(pow(2, x).node().op().name(), "pow");
  EXPECT_EQ(pow(x, x).node().op().name(), "pow");
  EXPECT_EQ(pow(x, 2).dtype(), f32);
  EXPECT_THROW(pow(graph.input("n", {i32, {}}), 2), TypeError);
}

}  // namespace
}  // namespace dagrad::test
