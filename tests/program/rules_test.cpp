#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>

#include "tests/program/support.hpp"

namespace dagrad::test {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::array<bool, 8> all{true, true, true, true, true, true, true, true};

Pullback rule_of(const Program& program) {
  return pull_back(program, std::span(all).first(program.inputs.size()),
                   std::span(all).first(program.outputs.size()));
}

bool has(const Program& program, Primitive word) {
  return std::any_of(program.steps.begin(), program.steps.end(),
                     [&](const Instruction& step) { return step.primitive == word; });
}

/// The n-th derivative of a functor of one operand.
template <class F>
double derivative_at(const F& f, int order, double x) {
  Program p = record1(f);
  for (int i = 0; i < order; ++i) p = derivative(p);
  return run(p, {x})[0];
}

constexpr auto root = [](auto x) { return select(x > 0, sqrt(x), 0); };
constexpr auto logistic = [](auto x) {
  return select(x >= 0, 1 / (1 + exp(-x)), exp(x) / (1 + exp(x)));
};
constexpr auto elu = [](auto x) { return select(x > 0, x, 1.5 * expm1(x)); };

TEST(DeadBranches, DoNotAffectTheResultAtAnyOrder) {
  constexpr double smallest = std::numeric_limits<double>::min();
  for (int order = 1; order <= 3; ++order) {
    for (double x : {-1.0, 0.0, -infinity}) EXPECT_EQ(derivative_at(root, order, x), 0) << order;
    for (double x : {710.0, 800.0, 1e155}) {
      EXPECT_NEAR(derivative_at(logistic, order, -x), 0, smallest) << order;
      EXPECT_NEAR(derivative_at(logistic, order, x), 0, smallest) << order;
      EXPECT_EQ(derivative_at(elu, order, x), order == 1) << order;
      EXPECT_NEAR(derivative_at(elu, order, -x), 0, smallest) << order;
    }
  }
  EXPECT_DOUBLE_EQ(derivative_at(root, 3, 4), 3.0 / 8 * std::pow(4, -2.5));
}

TEST(DeadBranches, OfConstantsAreStructurallyZero) {
  const Program p = record1([](auto x) { return select(x > 0, Symbol(3.0), Symbol(4.0)); });
  EXPECT_EQ(rule_of(p).program, nullptr);
}

// ---- tests that a result passes just as the operand does

using Kind = Source::Kind;

TEST(SharedTests, OfResultsThatAreCutOffReadTheResult) {
  const std::vector<Source> of_result{{Kind::out, 0}, {Kind::dout, 0}};
  const auto sources = [](const auto& functor) { return rule_of(record1(functor)).sources; };
  EXPECT_EQ(sources([](auto x) { return select(x <= 0, 0, x); }), of_result);
  EXPECT_EQ(sources([](auto x) { return select(x > 0, x, 0); }), of_result);
  EXPECT_EQ(sources([](auto x) { return select(0 >= x, 0, x); }), of_result);
  EXPECT_EQ(sources([](auto x) { return select(x < 3, x, 3); }), of_result);
  EXPECT_EQ(sources([](auto x) { return select(x >= -2.5, -2.5, x); }), of_result);
}

TEST(SharedTests, OfOtherResultsReadTheOperand) {
  const auto reads_operand = [](const auto& functor) {
    return rule_of(record1(functor)).sources.front() == Source{Kind::in, 0};
  };
  EXPECT_TRUE(reads_operand([](auto x) { return select(x < 0, 0, x); }));  // passed by -1, not by 0
  EXPECT_TRUE(reads_operand([](auto x) { return select(x >= 0, x, 0); }));  // the other way round
  EXPECT_TRUE(reads_operand([](auto x) { return select(x <= 0, 0.1 * x, x); }));
  EXPECT_TRUE(reads_operand([](auto x) { return select(x <= 0, 1, x); }));
  EXPECT_TRUE(reads_operand([](auto x) { return select(x <= 0, 0, x * x); }));
  const Program both = record(
      [](std::span<const Symbol> x) {
        return std::vector<Symbol>{select(x[0] <= 0, 0, x[0]), x[0] * x[0]};
      },
      {f64});
  EXPECT_EQ(rule_of(both).sources.front(), (Source{Kind::in, 0}));  // it is needed anyway
}

TEST(SharedTests, GiveTheSameSlopesAsTheOperand) {
  const auto slope = [](double x) {
    return derivative_at([](auto y) { return select(y <= 0, 0, y); }, 1, x);
  };
  for (const double x : {-infinity, -1.0, -0.0, 0.0}) EXPECT_EQ(slope(x), 0) << x;
  for (const double x : {5e-324, 1.0, infinity, nan}) EXPECT_EQ(slope(x), 1) << x;
}

TEST(Pull, KeepsInfiniteSlopesFromZeroCotangents) {  // a root whose rule gets the cotangent of a
                                                     // dead branch
  const Program rule = *rule_of(record1([](auto x) { return sqrt(x); })).program;
  EXPECT_EQ(run(rule, {0, 0}), std::vector{0.0});  // out, dout
  EXPECT_EQ(run(rule, {0, 1}), std::vector{infinity});
}

TEST(Pull, IsBilinear) {
  const Program p = record2([](auto c, auto x) { return pull(c, x); });
  EXPECT_EQ(run(derivative(p, 0), {0, 6}), std::vector{6.0});  // not 0, as JVPs depend on it
  EXPECT_EQ(run(derivative(p, 1), {5, 6}), std::vector{5.0});
  EXPECT_EQ(run(derivative(p, 1), {0, infinity}), std::vector{0.0});
  EXPECT_EQ(run(derivative(derivative(p, 0), 1), {0, 6}), std::vector{1.0});
}

TEST(Joint, IsBilinear) {
  const Program p = record2([](auto a, auto b) { return joint(a, b); });
  EXPECT_EQ(run(derivative(p, 0), {0, 6}), std::vector{6.0});
  EXPECT_EQ(run(derivative(p, 1), {5, 0}), std::vector{5.0});
  EXPECT_EQ(run(derivative(p, 1), {0, infinity}), std::vector{0.0});
  EXPECT_EQ(run(derivative(derivative(p, 0), 1), {0, 0}), std::vector{1.0});
}

TEST(DeadBranches, AreAppliedLast) {
  const auto rule = [](auto f) { return formula(*rule_of(record1(f)).program); };
  EXPECT_EQ(rule([](auto x) { return select(x <= 0, 0, x); }), "select(x <= 0, 0, y)");
  EXPECT_EQ(rule([](auto x) { return select(x > 0, sqrt(x), 0); }),
            "select(x > 0, pull(y, 0.5 / sqrt(x)), 0)");
  EXPECT_EQ(rule([](auto x) { return select(x < 0, 0, select(x > 6, 6, x)); }),
            "select(x < 0 || x > 6, 0, y)");
  EXPECT_EQ(rule([](auto x) { return select(x > 0, x, 0) + select(x > 0, 0, -x); }),
            "pull(y, select(x > 0, 1, -1))");
  const Program slope = *rule_of(record1([](auto x) { return exp(sin(x)); })).program;
  EXPECT_EQ(formula(slope), "pull(z, cos(x) * y)");
  EXPECT_EQ(formula(*rule_of(slope).program), "joint(w, pull(z, -sin(x) * y))");
}

TEST(Rules, AreLinearInTheCotangent) {
  const auto check = [](const Program& p, std::vector<double> x) {
    const Pullback rule = rule_of(p);
    const auto at = [&](double dout) {
      std::vector<double> in;
      for (const Source& s : rule.sources)
        in.push_back(s.kind == Source::Kind::in    ? x[s.index]
                     : s.kind == Source::Kind::out ? run(p, x)[s.index]
                                                   : dout);
      return run(*rule.program, in);
    };
    const auto u = at(0.75), v = at(-2), both = at(0.75 - 4), none = at(0);
    for (std::size_t i = 0; i < u.size(); ++i) {
      EXPECT_NEAR(both[i], u[i] + 2 * v[i], 1e-14 * std::fabs(both[i])) << formula(p);
      EXPECT_EQ(none[i], 0) << formula(p);
    }
  };
  for (Primitive word = Primitive::exp; word <= Primitive::erfc;
       word = static_cast<Primitive>(static_cast<int>(word) + 1))
    check(record1([&](auto x) { return Symbol::call(word, x); }),
          {word == Primitive::acosh ? 1.6 : 0.6});
  for (Primitive word :
       {Primitive::add, Primitive::sub, Primitive::mul, Primitive::div, Primitive::maximum,
        Primitive::copysign, Primitive::pow, Primitive::atan2, Primitive::hypot,
        Primitive::remainder, Primitive::logaddexp, Primitive::pull, Primitive::joint})
    check(record2([&](auto x, auto y) { return Symbol::call(word, x, y); }), {0.6, 1.7});
  check(record1([](auto x) { return pow(x, -2); }), {0.6});
  check(record1(root), {-1});
  check(record1(logistic), {800});
}

TEST(Rules, AreEmptyIfTheDerivativeIsZeroEverywhere) {
  const auto none = [](const Program& p) {
    const Pullback rule = rule_of(p);
    return rule.program == nullptr && rule.result == std::vector<int>(p.inputs.size(), -1) &&
           rule.sources.empty();
  };
  EXPECT_TRUE(none(record1([](auto x) { return floor(x); })));
  EXPECT_TRUE(none(record1([](auto x) { return sign(x) + ceil(x) * round(x); })));
  EXPECT_TRUE(none(record1([](auto x) { return trunc(x); })));
  EXPECT_TRUE(none(record2([](auto x, auto y) { return floor_divide(x, y); })));
  EXPECT_TRUE(none(record2([](auto x, auto y) { return x < y; })));
  EXPECT_TRUE(none(record1([](auto x) { return Symbol::cast(Symbol::cast(x, i32), f64); })));
  EXPECT_TRUE(none(record1([](auto x) { return x - x; })));
  EXPECT_TRUE(none(record1([](auto x) { return x * x; }, i64)));
  EXPECT_TRUE(none(record1([](auto x) { return pow(x, 0); })));
  EXPECT_FALSE(none(record1([](auto x) { return x; })));
}

TEST(Rules, DependOnWantedOperandsAndPresentCotangents) {
  const Program p = record(
      [](auto x) {
        return std::vector<Symbol>{x[0] * x[1], sin(x[0])};
      },
      {f64, f64});
  const bool first[] = {true, false}, second[] = {false, true}, none[] = {false, false};
  EXPECT_EQ(pull_back(p, none, first).program, nullptr);
  EXPECT_EQ(pull_back(p, first, none).program, nullptr);
  EXPECT_EQ(pull_back(p, second, second).program, nullptr);  // sin does not depend on x[1]
  const Pullback one = pull_back(p, first, second);
  EXPECT_EQ(one.result, (std::vector{0, -1}));
  EXPECT_EQ(one.sources, (std::vector<Source>{{Source::Kind::in, 0}, {Source::Kind::dout, 1}}));
}

TEST(Rules, SumOverResults) {
  const Program p = record(
      [](auto x) {
        return std::vector<Symbol>{x[0] * 3, x[0] * x[0]};
      },
      {f64});
  const Pullback rule = rule_of(p);
  std::vector<double> in;
  for (const Source& s : rule.sources)
    in.push_back(s.kind == Source::Kind::in ? 5 : s.index == 0 ? 1 : 100);
  EXPECT_EQ(run(*rule.program, in), std::vector{3.0 + 100 * 10});
}

TEST(Rules, ShareEqualGradients) {
  const Pullback rule = rule_of(record2([](auto x, auto y) { return x + y; }));
  EXPECT_EQ(rule.result, (std::vector{0, 0}));
  EXPECT_EQ(rule.program->steps.size(), 1U);  // the cotangent itself
  EXPECT_EQ(rule.sources, (std::vector<Source>{{Source::Kind::dout, 0}}));
}

TEST(Rules, ReuseCostlyResults) {
  const auto kinds = [](const Program& p) {
    std::vector<Source::Kind> all_kinds;
    for (const Source& s : rule_of(p).sources) all_kinds.push_back(s.kind);
    return all_kinds;
  };
  using enum Source::Kind;
  EXPECT_EQ(kinds(record1([](auto x) { return exp(x); })), (std::vector{out, dout}));
  EXPECT_EQ(kinds(record1([](auto x) { return sqrt(x); })), (std::vector{out, dout}));
  EXPECT_EQ(kinds(record1([](auto x) { return sigmoid(x); })), (std::vector{in, out, dout}));
  EXPECT_EQ(kinds(record1([](auto x) { return sin(x); })), (std::vector{in, dout}));
  EXPECT_EQ(kinds(record1([](auto x) { return exp(x) * 2; })), (std::vector{in, dout}));
}

TEST(Rules, MultiplyByKnownNumbersWithoutAPull) {
  const Program p = *rule_of(record1([](auto x) { return x * 3 - 1; })).program;
  EXPECT_FALSE(has(p, Primitive::pull));
  EXPECT_EQ(formula(p), "x * 3");
  EXPECT_EQ(formula(*rule_of(record1([](auto x) { return -x; })).program), "-x");
}

TEST(Rules, SplitTiesEquallyAndPassNaN) {
  for (Primitive word : {Primitive::maximum, Primitive::minimum}) {
    const Program p = record2([&](auto x, auto y) { return Symbol::call(word, x, y); });
    for (std::size_t i : {0U, 1U}) {
      EXPECT_EQ(run(derivative(p, i), {2, 2})[0], 0.5);
      EXPECT_EQ(run(derivative(p, i), {0.0, -0.0})[0], 0.5);
      EXPECT_EQ(run(derivative(p, i), {1, 2})[0], (word == Primitive::maximum) == (i == 1));
      EXPECT_TRUE(std::isnan(run(derivative(p, i), {nan, 2})[0]));
      EXPECT_TRUE(std::isnan(run(derivative(p, i), {2, nan})[0]));
    }
  }
  EXPECT_EQ(derivative_at([](auto x) { return maximum(x, x); }, 1, 3), 1);
}

TEST(Rules, FollowTheConventionsAtKinks) {
  EXPECT_EQ(derivative_at([](auto x) { return abs(x); }, 1, 0), 0);
  EXPECT_EQ(derivative_at([](auto x) { return abs(x); }, 2, 0), 0);
  EXPECT_EQ(derivative_at([](auto x) { return abs(x); }, 1, -3), -1);
  EXPECT_EQ(derivative_at([](auto x) { return hypot(x, 0 * x); }, 1, 0), 0);
  EXPECT_EQ(derivative_at([](auto x) { return select(x <= 0, 0, x); }, 1, 0), 0);
  EXPECT_TRUE(std::isnan(derivative_at([](auto x) { return asin(x); }, 1, 1.5)));
  EXPECT_TRUE(std::isnan(derivative_at([](auto x) { return acosh(x); }, 1, 0.5)));
  EXPECT_EQ(derivative_at([](auto x) { return acosh(x); }, 1, 1), infinity);
  EXPECT_EQ(derivative_at([](auto x) { return cbrt(x); }, 1, 0), infinity);
  EXPECT_EQ(derivative_at([](auto x) { return copysign(x, -1); }, 1, 0), 0);
  EXPECT_EQ(derivative_at([](auto x) { return copysign(x, -1); }, 1, 2), -1);
  EXPECT_EQ(derivative_at([](auto x) { return copysign(x, -0.0); }, 1, -2), 1);
  EXPECT_EQ(derivative_at([](auto x) { return copysign(3, x); }, 1, -2), 0);
  EXPECT_EQ(derivative_at([](auto x) { return asin(x); }, 1, 1), infinity);
  const Program angle = record2([](auto y, auto x) { return atan2(y, x); });
  EXPECT_EQ(run(derivative(angle, 0), {0, 0})[0], 0);
  EXPECT_EQ(run(derivative(angle, 1), {0, 0})[0], 0);
  EXPECT_EQ(run(derivative(angle, 0), {0, 1e-200})[0], 1e200);
  const Program rest = record2([](auto x, auto y) { return remainder(x, y); });
  EXPECT_EQ(run(derivative(rest, 0), {7.5, 2})[0], 1);
  EXPECT_EQ(run(derivative(rest, 1), {7.5, 2})[0], -3);
  EXPECT_EQ(run(derivative(rest, 1), {-7.5, 2})[0], 4);
}

TEST(Rules, AreSmoothIfTheFunctionIs) {
  EXPECT_EQ(derivative_at([](auto x) { return softplus(x); }, 1, 0), 0.5);
  EXPECT_EQ(derivative_at([](auto x) { return softplus(x); }, 2, 0), 0.25);
  EXPECT_EQ(derivative_at([](auto x) { return sigmoid(x); }, 1, 0), 0.25);
  const Program p = record2([](auto x, auto y) { return logaddexp(x, y); });
  EXPECT_EQ(run(derivative(derivative(p, 0), 0), {3, 3})[0], 0.25);
  EXPECT_EQ(run(derivative(derivative(p, 0), 1), {3, 3})[0], -0.25);
  EXPECT_EQ(run(derivative(p, 0), {infinity, infinity})[0], 0.5);
}

TEST(Rules, KeepTheDigitsOfSaturation) {
  const double at20 = derivative_at([](auto x) { return tanh(x); }, 1, 20);
  EXPECT_NEAR(at20 / (4 * std::exp(-40.0)), 1, 1e-14);
  const double at40 = derivative_at([](auto x) { return sigmoid(x); }, 1, 40);
  EXPECT_NEAR(at40 / std::exp(-40.0), 1, 1e-14);
}

TEST(PowRule, StaysPolynomialForSmallExponents) {
  const Program square = record1([](auto x) { return pow(x, 2); });
  EXPECT_FALSE(has(*rule_of(square).program, Primitive::pow));
  EXPECT_EQ(derivative_at([](auto x) { return pow(x, 2); }, 2, 0), 2);
  EXPECT_EQ(derivative_at([](auto x) { return pow(x, 3); }, 3, 0), 6);
  EXPECT_EQ(derivative_at([](auto x) { return pow(x, 3); }, 4, 0), 0);
  EXPECT_EQ(derivative_at([](auto x) { return pow(x, 1); }, 1, 0), 1);
}

TEST(PowRule, FollowsItsConventions) {
  const Program p = record2([](auto x, auto y) { return pow(x, y); });
  EXPECT_EQ(run(derivative(p, 0), {0, 0})[0], 0);
  EXPECT_EQ(run(derivative(p, 0), {nan, 0})[0], 0);
  EXPECT_EQ(run(derivative(p, 1), {0, 0})[0], 0);
  EXPECT_EQ(run(derivative(p, 1), {0, 2})[0], 0);
  EXPECT_EQ(run(derivative(p, 1), {0, -1})[0], -infinity);
  EXPECT_TRUE(std::isnan(run(derivative(p, 1), {-2, 2})[0]));
  EXPECT_EQ(run(derivative(p, 0), {-2, 3})[0], 12);
  const bool only_x[] = {true, false};
  EXPECT_FALSE(has(*pull_back(p, only_x, std::span(all).first(1)).program, Primitive::log));
}

TEST(Rules, GoThroughFloatCasts) {
  const Program p =
      record1([](auto x) { return Symbol::cast(x, f64) * Symbol::cast(x, f64); }, f32);
  const Pullback rule = rule_of(p);
  EXPECT_EQ(rule.program->output_dtype(0), f32);
  EXPECT_EQ(run(derivative(p), {3})[0], 6);
}

TEST(Rules, HaveRightThirdDerivatives) {
  const double x = 0.7, tiny = 1e-13;
  const auto near = [&](double got, double want) {
    EXPECT_NEAR(got, want, tiny * std::fabs(want));
  };
  near(derivative_at([](auto v) { return sin(v); }, 3, x), -std::cos(x));
  near(derivative_at([](auto v) { return exp(2 * v); }, 3, x), 8 * std::exp(2 * x));
  near(derivative_at([](auto v) { return log(v); }, 3, x), 2 / (x * x * x));
  near(derivative_at([](auto v) { return 1 / v; }, 3, x), -6 / std::pow(x, 4));
  near(derivative_at([](auto v) { return sqrt(v); }, 3, x), 0.375 * std::pow(x, -2.5));
  const double t = std::tanh(x), s = 1 - t * t;
  near(derivative_at([](auto v) { return tanh(v); }, 3, x), s * (4 * t * t - 2 * s));
  const double q = 1 + x * x;
  near(derivative_at([](auto v) { return atan(v); }, 3, x), (6 * x * x - 2) / (q * q * q));
  near(derivative_at([](auto v) { return exp2(v); }, 3, x),
       std::pow(std::numbers::ln2, 3) * std::exp2(x));
  near(derivative_at([](auto v) { return log2(v); }, 3, x), 2 / (x * x * x) / std::numbers::ln2);
  near(derivative_at([](auto v) { return log10(v); }, 3, x), 2 / (x * x * x) / std::numbers::ln10);
  near(derivative_at([](auto v) { return cbrt(v); }, 3, x), 10.0 / 27 * std::pow(x, -8.0 / 3));
  near(derivative_at([](auto v) { return asinh(v); }, 3, x), (2 * x * x - 1) * std::pow(q, -2.5));
  near(derivative_at([](auto v) { return acosh(v); }, 3, 2), 9 * std::pow(3, -2.5));
  const double w = 1 - x * x;
  near(derivative_at([](auto v) { return atanh(v); }, 3, x), (2 + 6 * x * x) / (w * w * w));
  near(derivative_at([](auto v) { return lgamma(v); }, 4, 0.5), std::pow(std::numbers::pi, 4));
  near(derivative_at([](auto v) { return digamma(v); }, 3, 0.5), std::pow(std::numbers::pi, 4));
  near(derivative_at([](auto v) { return hypot(v, 2); }, 3, x), -12 * x / std::pow(4 + x * x, 2.5));
}

TEST(Rules, AreNotNaNAtThirdOrderForAnyPrimitive) {
  for (double x : {-3.0, -0.5, 0.25, 0.75, 2.0, 40.0}) {
    for (Primitive word :
         {Primitive::exp, Primitive::expm1, Primitive::sin, Primitive::cos, Primitive::tan,
          Primitive::atan, Primitive::sinh, Primitive::cosh, Primitive::tanh, Primitive::erf,
          Primitive::erfc, Primitive::exp2, Primitive::cbrt, Primitive::asinh, Primitive::sigmoid,
          Primitive::softplus, Primitive::abs})
      EXPECT_TRUE(std::isfinite(derivative_at([&](auto v) { return Symbol::call(word, v); }, 3, x)))
          << name(word) << ' ' << x;
  }
}

TEST(Rules, GrowLinearlyWithTheProgram) {
  const auto chain = [](int n) {
    return record1([n](Symbol x) {
      Symbol y = x;
      for (int i = 0; i < n; ++i) y = sin(y) + x;
      return y;
    });
  };
  const Program deep = chain(10000);
  const Pullback rule = rule_of(deep);
  EXPECT_LT(rule.program->steps.size(), 6 * deep.steps.size());
  EXPECT_EQ(run(*rule.program, {1, 0}).size(), 1U);
  const Program again = *rule_of(*rule.program).program;  // second order
  EXPECT_LT(again.steps.size(), 30 * deep.steps.size());
}

}  // namespace
}  // namespace dagrad::test
