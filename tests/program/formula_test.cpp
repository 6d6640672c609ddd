#include <gtest/gtest.h>

#include <limits>

#include "tests/program/support.hpp"

namespace dagrad::test {
namespace {

template <class F>
std::string text1(const F& f, DType dtype = f64) {
  return formula(record1(f, dtype));
}
template <class F>
std::string text2(const F& f) {
  return formula(record2(f));
}

TEST(Formula, LooksAsItWasWritten) {
  EXPECT_EQ(text1([](auto x) { return select(x > 0, x, 0.01 * x); }), "select(x > 0, x, 0.01 * x)");
  EXPECT_EQ(text2([](auto x, auto y) { return x * (x + y) - y / 2; }), "x * (x + y) - y / 2");
  EXPECT_EQ(text2([](auto x, auto y) { return hypot(x, y) + pow(x, 2); }),
            "hypot(x, y) + pow(x, 2)");
}

TEST(Formula, HasOnlyNecessaryParentheses) {
  EXPECT_EQ(text2([](auto x, auto y) { return (x + y) + x; }), "x + y + x");
  EXPECT_EQ(text2([](auto x, auto y) { return x + (y + x); }), "x + (y + x)");
  EXPECT_EQ(text2([](auto x, auto y) { return x - (y - x); }), "x - (y - x)");
  EXPECT_EQ(text2([](auto x, auto y) { return x / (y * x); }), "x / (y * x)");
  EXPECT_EQ(text2([](auto x, auto y) { return (x < y) == (y < x); }), "(x < y) == (y < x)");
  EXPECT_EQ(text2([](auto x, auto y) { return x > 0 && (y > 0 || y < x); }),
            "x > 0 && (y > 0 || y < x)");
  EXPECT_EQ(text1([](auto x) { return sin((x + 1)); }), "sin(x + 1)");
}

TEST(Formula, PutsSignsBeforeTheirOperands) {
  EXPECT_EQ(text1([](auto x) { return -x * x; }), "-x * x");
  EXPECT_EQ(text1([](auto x) { return -(x * x); }), "-(x * x)");
  EXPECT_EQ(text1([](auto x) { return -(-x); }), "-(-x)");
  EXPECT_EQ(text1([](auto x) { return x - -0.5; }), "x - -0.5");
  EXPECT_EQ(text1([](auto x) { return !(x > 0); }), "!(x > 0)");
}

TEST(Formula, WritesTheShortestNumbersOfTheirDtype) {
  EXPECT_EQ(text1([](auto x) { return x * 0.1; }, f32), "x * 0.1");
  EXPECT_EQ(text1([](auto x) { return x * 0.1f; }), "x * 0.10000000149011612");
  EXPECT_EQ(text1([](auto x) { return x * 1e300; }), "x * 1e+300");
  EXPECT_EQ(text1([](auto x) { return x + 3; }, i32), "x + 3");
  EXPECT_EQ(text1([](auto x) { return maximum(x, -std::numeric_limits<double>::infinity()); }),
            "maximum(x, -inf)");
  EXPECT_EQ(text1([](auto x) { return x == true; }, b8), "x == true");
}

TEST(Formula, NamesInputs) {
  const auto sum = [](auto x) { return x[0] + x[1] + x[2] + x[3] + x[4]; };
  const Program p = record(sum, {f64, f64, f64, f64, f64});
  EXPECT_EQ(formula(p), "x + y + z + w + x4");
  const std::vector<std::string> names{"price", "tax"};
  EXPECT_EQ(formula(p, 0, names), "price + tax + z + w + x4");
}

TEST(Formula, NamesCastsByTheirDtype) {
  EXPECT_EQ(text1([](auto x) { return Symbol::cast(x, f32) + 1; }), "float32(x) + 1");
}

TEST(Formula, WritesTheRequestedResult) {
  const Program p = record([](auto x) { return std::vector<Symbol>{x[0] + 1, x[0] * 2}; }, {f64});
  EXPECT_EQ(formula(p, 0), "x + 1");
  EXPECT_EQ(formula(p, 1), "x * 2");
}

TEST(Formula, ShortensVeryLongFormulas) {
  const Program squares = record1([](Symbol x) {  // 2^60 factors if written out
    for (int i = 0; i < 60; ++i) x = x * x;
    return x;
  });
  EXPECT_LT(formula(squares).size(), 10000U);
  EXPECT_NE(formula(squares).find("…"), std::string::npos);
  const Program deep = record1([](Symbol x) {
    for (int i = 0; i < 100000; ++i) x = sin(x);
    return x;
  });
  EXPECT_LT(formula(deep).size(), 1000U);
}

}  // namespace
}  // namespace dagrad::test
