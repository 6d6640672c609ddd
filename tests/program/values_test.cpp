#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "src/program/functions.hpp"
#include "tests/program/support.hpp"

/// The value of each primitive, compared with the standard library where possible.
namespace dagrad::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double value(Primitive word, double a) {
  return run(record1([&](Symbol x) { return Symbol::call(word, x); }), {a})[0];
}
double value(Primitive word, double a, double b) {
  return run(record2([&](Symbol x, Symbol y) { return Symbol::call(word, x, y); }), {a, b})[0];
}
/// The result in an integer dtype, exactly.
template <class T>
T whole(Primitive word, T a, T b) {
  const Program p =
      record2([&](Symbol x, Symbol y) { return Symbol::call(word, x, y); }, dtype_of<T>);
  const void* in[] = {&a, &b};
  const std::int64_t step[] = {1, 1};
  T out = 0;
  void* to[] = {&out};
  interpret(p, in, step, to, 1);
  EXPECT_EQ(out, Number<T>::call(word, Number<T>(a), Number<T>(b)).value());
  return out;
}

void expect_same(double got, double want, std::string_view word, double a, double b = 0) {
  if (std::isnan(want))
    EXPECT_TRUE(std::isnan(got)) << word << ' ' << a << ' ' << b;
  else
    EXPECT_EQ(to_bits(got), to_bits(want)) << word << ' ' << a << ' ' << b << ": " << got;
}

const double points[] = {
    0.0,  -0.0, 0.5,  -0.5,  1.0,      -1.0,      1.5, 2.5,    -2.5,  3.0,
    1e-3, 40,   -710, 1e155, infinity, -infinity, nan, 5e-324, 1e308, 4503599627370497.5};

TEST(Values, AgreeWithTheStandardLibrary) {
  const UseFunctions functions(InstructionSet::plain);
  const std::pair<Primitive, double (*)(double)> unary[] = {
      {Primitive::neg, [](double x) { return -x; }},
      {Primitive::abs, [](double x) { return std::fabs(x); }},
      {Primitive::sqrt, [](double x) { return std::sqrt(x); }},
      {Primitive::floor, [](double x) { return std::floor(x); }},
      {Primitive::ceil, [](double x) { return std::ceil(x); }},
      {Primitive::round, [](double x) { return std::nearbyint(x); }},
      {Primitive::trunc, [](double x) { return std::trunc(x); }},
      {Primitive::exp, [](double x) { return std::exp(x); }},
      {Primitive::exp2, [](double x) { return std::exp2(x); }},
      {Primitive::expm1, [](double x) { return std::expm1(x); }},
      {Primitive::log, [](double x) { return std::log(x); }},
      {Primitive::log2, [](double x) { return std::log2(x); }},
      {Primitive::log10, [](double x) { return std::log10(x); }},
      {Primitive::log1p, [](double x) { return std::log1p(x); }},
      {Primitive::cbrt, [](double x) { return std::cbrt(x); }},
      {Primitive::sin, [](double x) { return std::sin(x); }},
      {Primitive::cos, [](double x) { return std::cos(x); }},
      {Primitive::tan, [](double x) { return std::tan(x); }},
      {Primitive::asin, [](double x) { return std::asin(x); }},
      {Primitive::acos, [](double x) { return std::acos(x); }},
      {Primitive::atan, [](double x) { return std::atan(x); }},
      {Primitive::sinh, [](double x) { return std::sinh(x); }},
      {Primitive::cosh, [](double x) { return std::cosh(x); }},
      {Primitive::tanh, [](double x) { return std::tanh(x); }},
      {Primitive::asinh, [](double x) { return std::asinh(x); }},
      {Primitive::acosh, [](double x) { return std::acosh(x); }},
      {Primitive::atanh, [](double x) { return std::atanh(x); }},
      {Primitive::lgamma, [](double x) { return std::lgamma(x); }},
      {Primitive::erf, [](double x) { return std::erf(x); }},
      {Primitive::erfc, [](double x) { return std::erfc(x); }}};
  for (const auto& [word, standard] : unary)
    for (double x : points) expect_same(value(word, x), standard(x), name(word), x);
  const std::pair<Primitive, double (*)(double, double)> binary[] = {
      {Primitive::add, [](double x, double y) { return x + y; }},
      {Primitive::sub, [](double x, double y) { return x - y; }},
      {Primitive::mul, [](double x, double y) { return x * y; }},
      {Primitive::div, [](double x, double y) { return x / y; }},
      {Primitive::copysign, [](double x, double y) { return std::copysign(x, y); }},
      {Primitive::pow, [](double x, double y) { return std::pow(x, y); }},
      {Primitive::atan2, [](double x, double y) { return std::atan2(x, y); }},
      {Primitive::hypot, [](double x, double y) { return std::hypot(x, y); }}};
  for (const auto& [word, standard] : binary)
    for (double x : points)
      for (double y : points) expect_same(value(word, x, y), standard(x, y), name(word), x, y);
}

TEST(Values, ComparisonsAgreeWithCpp) {
  for (double x : points) {
    for (double y : points) {
      EXPECT_EQ(value(Primitive::equal, x, y), x == y);
      EXPECT_EQ(value(Primitive::not_equal, x, y), x != y);
      EXPECT_EQ(value(Primitive::less, x, y), x < y);
      EXPECT_EQ(value(Primitive::less_equal, x, y), x <= y);
      EXPECT_EQ(value(Primitive::greater, x, y), x > y);
      EXPECT_EQ(value(Primitive::greater_equal, x, y), x >= y);
    }
    EXPECT_EQ(value(Primitive::is_nan, x), std::isnan(x));
    EXPECT_EQ(value(Primitive::is_finite, x), std::isfinite(x));
  }
}

TEST(Values, FinitenessDependsOnTheDtype) {
  const Program p = record1([](Symbol x) { return is_finite(x); }, f32);
  EXPECT_EQ(run(p, {std::numeric_limits<float>::max()})[0], 1);
  EXPECT_EQ(run(p, {infinity})[0], 0);
  EXPECT_FALSE(is_finite(Number<float>(std::numeric_limits<float>::infinity())).value());
}

TEST(Values, LogicWorksOnBools) {
  for (bool a : {false, true}) {
    for (bool b : {false, true}) {
      const auto logic = [&](Primitive word) {
        return run(record([&](auto x) { return Symbol::call(word, x[0], x[1]); }, {b8, b8}),
                   {double(a), double(b)})[0];
      };
      EXPECT_EQ(logic(Primitive::logical_and), a && b);
      EXPECT_EQ(logic(Primitive::logical_or), a || b);
      EXPECT_EQ(logic(Primitive::logical_xor), a != b);
      EXPECT_EQ(logic(Primitive::maximum), a || b);
      EXPECT_EQ(logic(Primitive::minimum), a && b);
    }
  }
}

TEST(Values, ExtremaPassNaNFromEitherSide) {
  for (Primitive word : {Primitive::maximum, Primitive::minimum}) {
    EXPECT_TRUE(std::isnan(value(word, nan, 1)));
    EXPECT_TRUE(std::isnan(value(word, 1, nan)));
  }
  EXPECT_EQ(value(Primitive::maximum, -1, 2), 2);
  EXPECT_EQ(value(Primitive::minimum, -1, 2), -1);
}

TEST(Values, PullIsZeroWhereItsCotangentIs) {
  for (double p : {infinity, -infinity, nan, 3.0}) {
    expect_same(value(Primitive::pull, 0, p), 0, "pull", 0, p);
    expect_same(value(Primitive::pull, -0.0, p), 0, "pull", -0.0, p);
  }
  EXPECT_EQ(value(Primitive::pull, 2, 3), 6);
  EXPECT_EQ(value(Primitive::pull, 2, infinity), infinity);
  EXPECT_TRUE(std::isnan(value(Primitive::pull, nan, 0)));
}

TEST(Values, JointIsZeroWhereEitherCotangentIs) {
  for (double other : {infinity, -infinity, nan, 3.0}) {
    for (double zero : {0.0, -0.0}) {
      expect_same(value(Primitive::joint, zero, other), 0, "joint", zero, other);
      expect_same(value(Primitive::joint, other, zero), 0, "joint", other, zero);
    }
  }
  EXPECT_EQ(value(Primitive::joint, 2, 3), 6);
  EXPECT_EQ(value(Primitive::joint, 2, -infinity), -infinity);
  EXPECT_TRUE(std::isnan(value(Primitive::joint, nan, 2)));
  EXPECT_TRUE(std::isnan(value(Primitive::joint, 2, nan)));
}

TEST(Values, RemainderHasTheSignOfTheDivisor) {  // as in NumPy
  const double rows[][3] = {{7, 3, 1},
                            {-7, 3, 2},
                            {7, -3, -2},
                            {-7, -3, -1},
                            {6, 3, 0.0},
                            {-6, 3, 0.0},
                            {6, -3, -0.0},
                            {1, infinity, 1},
                            {-1, infinity, infinity},
                            {1, -infinity, -infinity},
                            {1, 0, nan},
                            {infinity, 2, nan},
                            {nan, 2, nan},
                            {5.5, 0.25, 0.0},
                            {-0.0, 3, 0.0}};
  for (InstructionSet set : {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    const UseFunctions functions(set);
    for (const auto& [a, b, want] : rows)
      expect_same(value(Primitive::remainder, a, b), want, "remainder", a, b);
  }
}

TEST(Values, FloorDivideMatchesTheRemainder) {  // as in NumPy
  const double rows[][3] = {{7, 3, 2},
                            {-7, 3, -3},
                            {7, -3, -3},
                            {-7, -3, 2},
                            {-6, 3, -2},
                            {1, 3, 0.0},
                            {0.0, -3, -0.0},
                            {1, infinity, 0.0},
                            {-1, infinity, -1},
                            {1, 0, infinity},
                            {-1, 0, -infinity},
                            {0, 0, nan},
                            {infinity, 2, nan},
                            {nan, 2, nan},
                            {1, 0.1, 9},  // 0.1 is a little more than a tenth
                            {1e300, 1e-300, infinity}};
  for (InstructionSet set : {InstructionSet::plain, InstructionSet::avx2, InstructionSet::avx512}) {
    if (!available(set)) continue;
    const UseFunctions functions(set);
    for (const auto& [a, b, want] : rows)
      expect_same(value(Primitive::floor_divide, a, b), want, "floor_divide", a, b);
    for (double a = -9.75; a < 10; a += 0.125) {
      for (double b : {-3.5, -0.25, 0.75, 4.0}) {
        EXPECT_EQ(value(Primitive::floor_divide, a, b) * b + value(Primitive::remainder, a, b), a);
      }
    }
  }
}

TEST(Values, PolygammaIsKnown) {  // Abramowitz and Stegun 6.3, 6.4
  const double gamma = std::numbers::egamma, pi2 = std::numbers::pi * std::numbers::pi;
  const double zeta3 = 1.2020569031595942854, zeta21 = 1.0000004769329867878;
  const double factorial20 = 2432902008176640000.0;
  const double rows[][3] = {{0, 1, -gamma},
                            {0, 0.5, -gamma - 2 * std::numbers::ln2},
                            {0, 1.4616, -3.1106251230341648e-05},
                            {0, 1.4616321449683622, -9.2412655217294275e-17},
                            {0, -0.5, 0.036489973978576520559},
                            {1, 1, pi2 / 6},
                            {1, 0.5, pi2 / 2},
                            {1, -1.5, pi2 / 2 + 4 + 4.0 / 9},
                            {2, 1, -2 * zeta3},
                            {2, -0.5, 16 - 14 * zeta3},
                            {3, 0.5, pi2 * pi2},
                            {20, 1, -factorial20 * zeta21},
                            {20, 2, -factorial20 * 4.769329867878064631e-7},
                            {0, 1e300, 300 * std::numbers::ln10},
                            {1, 1e300, 1e-300}};
  for (const auto& [n, x, want] : rows) {
    EXPECT_NEAR(value(Primitive::polygamma, n, x), want, 4e-16 * std::fabs(want)) << n << ' ' << x;
    const auto narrow =
        Number<float>::call(Primitive::polygamma, Number<float>(float(n)), Number<float>(float(x)));
    if (x == double(float(x))) {
      EXPECT_EQ(narrow.value(), static_cast<float>(want)) << n << ' ' << x;
    }
  }
}

TEST(Values, PolygammaHasSignedPoles) {
  for (double n : {0.0, 1.0, 2.0, 3.0, 8.0, 9.0}) {
    const bool odd = std::fmod(n, 2) == 1;
    for (double tiny : {0.0, 5e-324}) {
      expect_same(value(Primitive::polygamma, n, tiny), odd ? infinity : -infinity, "polygamma", n,
                  tiny);
      expect_same(value(Primitive::polygamma, n, -tiny), infinity, "polygamma", n, -tiny);
    }
    for (double x : {-1.0, -7.0, -1e300})
      expect_same(value(Primitive::polygamma, n, x), odd ? infinity : nan, "polygamma", n, x);
    expect_same(value(Primitive::polygamma, n, infinity),
                n == 0 ? infinity
                : odd  ? 0.0
                       : -0.0,
                "polygamma", n, infinity);
    expect_same(value(Primitive::polygamma, n, -infinity), nan, "polygamma", n, -infinity);
  }
  for (double n : {-1.0, 0.5, 1001.0, infinity, nan})
    EXPECT_TRUE(std::isnan(value(Primitive::polygamma, n, 1))) << n;
}

TEST(Values, SignKeepsNaNAndZeros) {
  EXPECT_EQ(value(Primitive::sign, -3), -1);
  EXPECT_EQ(value(Primitive::sign, infinity), 1);
  expect_same(value(Primitive::sign, -0.0), -0.0, "sign", -0.0);
  expect_same(value(Primitive::sign, 0.0), 0.0, "sign", 0.0);
  EXPECT_TRUE(std::isnan(value(Primitive::sign, nan)));
}

TEST(Values, RoundsHalvesToEven) {
  const double rows[][2] = {{0.5, 0}, {1.5, 2}, {2.5, 2}, {-0.5, -0.0}, {-1.5, -2}, {-2.5, -2}};
  for (const auto& [x, want] : rows) expect_same(value(Primitive::round, x), want, "round", x);
}

template <class T>
class Integers : public testing::Test {};
using IntegerTypes = testing::Types<std::int32_t, std::int64_t>;
TYPED_TEST_SUITE(Integers, IntegerTypes);

TYPED_TEST(Integers, Wrap) {
  using T = TypeParam;
  constexpr T low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  EXPECT_EQ(whole<T>(Primitive::add, high, 1), low);
  EXPECT_EQ(whole<T>(Primitive::sub, low, 1), high);
  EXPECT_EQ(whole<T>(Primitive::mul, high, 2), -2);
  EXPECT_EQ(whole<T>(Primitive::mul, low, -1), low);
  EXPECT_EQ((-Number<T>(low)).value(), low);
  EXPECT_EQ(abs(Number<T>(low)).value(), low);
}

TYPED_TEST(Integers, FloorDivideNeverFaults) {
  using T = TypeParam;
  constexpr T low = std::numeric_limits<T>::min();
  EXPECT_EQ(whole<T>(Primitive::floor_divide, 7, 0), 0);
  EXPECT_EQ(whole<T>(Primitive::floor_divide, low, -1), low);
  EXPECT_EQ(whole<T>(Primitive::floor_divide, low, 1), low);
  for (T a : {T(-7), T(-6), T(0), T(5), T(6), low, std::numeric_limits<T>::max()}) {
    for (T b : {T(-5), T(-3), T(-1), T(2), T(3), low}) {
      const Number<T> q(whole<T>(Primitive::floor_divide, a, b));
      const Number<T> r(whole<T>(Primitive::remainder, a, b));
      EXPECT_EQ((q * Number<T>(b) + r).value(), a) << b;
    }
  }
  EXPECT_EQ(whole<T>(Primitive::floor_divide, -7, 3), -3);
  EXPECT_EQ(whole<T>(Primitive::floor_divide, 7, -3), -3);
}

TYPED_TEST(Integers, RemainderNeverFaults) {
  using T = TypeParam;
  constexpr T low = std::numeric_limits<T>::min();
  EXPECT_EQ(whole<T>(Primitive::remainder, 7, 0), 0);
  EXPECT_EQ(whole<T>(Primitive::remainder, low, -1), 0);
  EXPECT_EQ(whole<T>(Primitive::remainder, -7, 3), 2);
  EXPECT_EQ(whole<T>(Primitive::remainder, 7, -3), -2);
  EXPECT_EQ(whole<T>(Primitive::remainder, -6, 3), 0);
}

TEST(Values, CastsSaturateFloatsAndWrapIntegers) {
  const auto cast = [](DType from, DType to, double x) {
    return run(record([&](auto in) { return Symbol::cast(in[0], to); }, {from}), {x})[0];
  };
  EXPECT_EQ(cast(f64, i32, 3e9), 2147483647);
  EXPECT_EQ(cast(f64, i32, -3e9), -2147483648.0);
  EXPECT_EQ(cast(f32, i64, infinity), 9223372036854775807.0);
  EXPECT_EQ(cast(f32, i32, nan), 0);
  EXPECT_EQ(cast(f64, i64, -2.9), -2);
  EXPECT_EQ(cast(i64, i32, 4294967297.0), 1);
  EXPECT_EQ(cast(f64, b8, 0.5), 1);
  EXPECT_EQ(cast(f64, b8, nan), 1);
  EXPECT_EQ(cast(f64, b8, -0.0), 0);
  EXPECT_EQ(cast(b8, f32, 1), 1);
  EXPECT_EQ(cast(f64, f32, 0.1), 0.1f);
  EXPECT_EQ(cast(f64, f32, 1e300), infinity);
}

TEST(Values, SumsOfFloat32AreRoundedToFloat32) {
  const Program p = record2([](Symbol x, Symbol y) { return (x + y) - x; }, f32);
  EXPECT_EQ(run(p, {16777216, 1})[0], 0);
}

TEST(Values, CompositesAreFiniteAtBothEnds) {
  EXPECT_EQ(value(Primitive::sigmoid, 800), 1);
  EXPECT_EQ(value(Primitive::sigmoid, -800), 0);
  EXPECT_EQ(value(Primitive::sigmoid, -infinity), 0);
  EXPECT_EQ(value(Primitive::softplus, 800), 800);
  EXPECT_EQ(value(Primitive::softplus, -800), 0);
  EXPECT_EQ(value(Primitive::logaddexp, infinity, infinity), infinity);
  EXPECT_EQ(value(Primitive::logaddexp, -infinity, -infinity), -infinity);
  EXPECT_EQ(value(Primitive::logaddexp, 1000, 1000), 1000 + std::log(2.0));
  EXPECT_TRUE(std::isnan(value(Primitive::sigmoid, nan)));
}

}  // namespace
}  // namespace dagrad::test
