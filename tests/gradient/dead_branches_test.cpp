#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

/// The branch not taken does not affect derivatives of any order.
namespace dagrad {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

using Function = std::function<Value(const Value& x)>;
/// The derivative of order k at x.
using Derivative = std::function<double(int k, double x)>;

Tensor vector(const std::vector<double>& x) {
  return Tensor({static_cast<std::int64_t>(x.size())}, x);
}

void expect_near(double got, double want) {
  if (std::isnan(want) || std::isinf(want))
    EXPECT_TRUE(std::isnan(want) ? std::isnan(got) : got == want) << got << " is not " << want;
  else
    EXPECT_NEAR(got, want, 1e-9 * std::abs(want) + 1e-12);
}

/// Compares the derivatives of sum(f(x)), each the derivative of the sum of the previous one, with
/// expected values.
void expect_derivatives(const std::string& name, const Function& f, const std::vector<double>& x,
                        const Derivative& want, int orders = 5) {
  Graph graph;
  const Value v = graph.parameter("x", vector(x));
  Value y = f(v);
  for (int k = 1; k <= orders; ++k) {
    y = gradient(sum(y), v);
    const Tensor got = evaluate(y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      SCOPED_TRACE(name + ", order " + std::to_string(k) + " at " + std::to_string(x[i]));
      expect_near(got.at(static_cast<std::int64_t>(i)), want(k, x[i]));
    }
  }
}

double of_power(double p, int k, double x) {
  double factor = 1;
  for (int i = 0; i < k; ++i) factor *= p - i;
  return factor == 0 ? 0 : factor * std::pow(x, p - k);
}
Derivative of_power(double p) {
  return [p](int k, double x) { return of_power(p, k, x); };
}
double of_log(int k, double x) { return of_power(-1, k - 1, x); }
double zero_everywhere(int, double) { return 0; }
Derivative where_positive(const Derivative& f) {
  return [f](int k, double x) { return x > 0 ? f(k, x) : 0; };
}

struct Case {
  const char* name;
  Function f;
  Derivative derivative;
};

/// Functions whose values or derivatives are infinite or NaN for x <= 0.
const std::vector<Case> functions{
    {"sqrt", [](const Value& x) { return sqrt(x); }, of_power(0.5)},
    {"rsqrt", [](const Value& x) { return rsqrt(x); }, of_power(-0.5)},
    {"1 / sqrt", [](const Value& x) { return 1.0 / sqrt(x); }, of_power(-0.5)},
    {"log", [](const Value& x) { return log(x); }, of_log},
    {"1 / x", [](const Value& x) { return 1.0 / x; }, of_power(-1)},
    {"pow 1/2", [](const Value& x) { return pow(x, 0.5); }, of_power(0.5)},
    {"pow -3/2", [](const Value& x) { return pow(x, -1.5); }, of_power(-1.5)},
    {"pow 5/2", [](const Value& x) { return pow(x, 2.5); }, of_power(2.5)},
    {"pow of a value", [](const Value& x) { return pow(x, full_like(x, -1.5)); }, of_power(-1.5)},
    {"x log x", [](const Value& x) { return x * log(x); },
     [](int k, double x) { return k == 1 ? std::log(x) + 1 : of_log(k - 1, x); }},
    {"sqrt sqrt", [](const Value& x) { return sqrt(x) * sqrt(x); },
     [](int k, double) { return k == 1 ? 1. : 0.; }},
    {"log sqrt", [](const Value& x) { return log(sqrt(x)); },
     [](int k, double x) { return of_log(k, x) / 2; }},
    {"log x / x", [](const Value& x) { return log(x) / x; },
     [](int k, double x) {
       double harmonic = 0;
       for (int i = 1; i <= k; ++i) harmonic += 1. / i;
       return (k % 2 == 1 ? -1 : 1) * std::tgamma(k + 1) * (std::log(x) - harmonic) /
              std::pow(x, k + 1);
     }},
};

const std::vector<double> points{-1, 0, -0.0, -1e300, 2};

TEST(DeadBranches, OfWhereDoNotAffectDerivatives) {
  for (const Case& c : functions)
    expect_derivatives(
        c.name, [&](const Value& x) { return where(x > 0.0, c.f(x), 0.0); }, points,
        where_positive(c.derivative));
}

TEST(DeadBranches, OfWhereDoNotAffectLaterOps) {
  for (const Case& c : functions) {
    const auto cut = [&](const Value& x) { return where(x > 0.0, c.f(x), 0.0); };
    expect_derivatives(
        c.name, [&](const Value& x) { return exp(cut(x)); }, {-1, 0}, zero_everywhere);
    expect_derivatives(
        c.name, [&](const Value& x) { return x * cut(x); }, {-1, 0}, zero_everywhere);
  }
}

TEST(DeadBranches, OfAPowerWithExponent0AreEverything) {
  expect_derivatives(
      "pow by 0", [](const Value& x) { return pow(x, 0.0); }, {0, -1, 2}, zero_everywhere);
}

TEST(DeadBranches, OfAnExponentDoNotAffectDerivatives) {
  Graph graph;
  const Value x = graph.parameter("x", vector({-1, 0, 2})), y = graph.parameter("y", Tensor(2.5));
  Value z = where(x > 0.0, pow(x, y), 0.0);
  for (int k = 1; k <= 5; ++k) {
    z = gradient(sum(z), y);
    expect_near(evaluate(z).item<double>(), std::pow(2, 2.5) * std::pow(std::log(2), k));
  }
}

TEST(DeadBranches, OfOneFunctorDoNotAffectDerivatives) {
  const auto check = [](const std::string& name, auto functor, const Derivative& derivative) {
    expect_derivatives(
        name, [&](const Value& x) { return elementwise("f", functor)(x); }, points,
        where_positive(derivative));
  };
  check(
      "sqrt", [](auto x) { return select(x > 0, sqrt(x), 0.0); }, of_power(0.5));
  check(
      "rsqrt", [](auto x) { return select(x > 0, rsqrt(x), 0.0); }, of_power(-0.5));
  check(
      "1 / sqrt", [](auto x) { return select(x > 0, 1 / sqrt(x), 0.0); }, of_power(-0.5));
  check(
      "log", [](auto x) { return select(x > 0, log(x), 0.0); }, of_log);
  check(
      "1 / x", [](auto x) { return select(x > 0, 1 / x, 0.0); }, of_power(-1));
  check(
      "pow 1/2", [](auto x) { return select(x > 0, pow(x, 0.5), 0.0); }, of_power(0.5));
  check(
      "pow -3/2", [](auto x) { return select(x > 0, pow(x, -1.5), 0.0); }, of_power(-1.5));
  check(
      "pow 5/2", [](auto x) { return select(x > 0, pow(x, 2.5), 0.0); }, of_power(2.5));
  check(
      "pow of x", [](auto x) { return select(x > 0, pow(x, x * 0 + 2.5), 0.0); }, of_power(2.5));
  check(
      "sqrt select", [](auto x) { return sqrt(select(x > 0, x, 0.0)); }, of_power(0.5));
  check(
      "sqrt select else", [](auto x) { return sqrt(select(x <= 0, 0, x)); }, of_power(0.5));
}

TEST(DeadBranches, OfClippedOperandsDoNotAffectDerivatives) {
  const auto relu_of = [](Function f) { return [f](const Value& x) { return f(relu(x)); }; };
  for (const auto& [name, f, derivative] : functions) {
    if (std::string(name) == "sqrt sqrt" || std::string(name) == "x log x") continue;  // 0 · ∞
    expect_derivatives(name, relu_of(f), points, where_positive(derivative));
  }
  const auto check = expect_derivatives;
  const std::vector<double> x{-1, -2, 2};
  const Derivative root = where_positive(of_power(0.5)), logarithm = where_positive(of_log);
  const Derivative inverse = where_positive(of_power(-1));
  const auto check_all = [&](const char* name, const Function& clip) {
    check(
        name, [&](const Value& v) { return sqrt(clip(v)); }, x, root, 5);
    check(
        name, [&](const Value& v) { return log(clip(v)); }, x, logarithm, 5);
    check(
        name, [&](const Value& v) { return 1.0 / clip(v); }, x, inverse, 5);
  };
  check_all("maximum", [](const Value& v) { return maximum(v, 0.0); });
  check_all("maximum of 0 and", [](const Value& v) { return maximum(0.0, v); });
  check_all("minimum", [](const Value& v) { return -minimum(-v, 0.0); });
  check_all("maximum with the smallest", [](const Value& v) { return maximum(v, 1e-300); });
  check_all("clamp", [](const Value& v) { return clamp(v, 0.0, 9.0); });
  check_all("relu6", [](const Value& v) { return relu6(v); });
  check_all("leaky_relu", [](const Value& v) { return leaky_relu(v, 0); });
  check_all("where", [](const Value& v) { return where(v > 0.0, v, 0.0); });
}

TEST(DeadBranches, OfActivationsDoNotAffectDerivatives) {
  expect_derivatives(
      "hard_sigmoid", [](const Value& x) { return sqrt(hard_sigmoid(x)); }, {-4, -3, 1, 5},
      [](int k, double x) {
        return x <= -3 || x >= 3 ? 0 : of_power(0.5, k, (x + 3) / 6) / std::pow(6, k);
      });
  expect_derivatives(
      "hard_swish", [](const Value& x) { return sqrt(hard_swish(x)); }, {-4, -3}, zero_everywhere);
  expect_derivatives(
      "hinge", [](const Value& x) { return sqrt(hinge(x, ones_like(x))); }, {2, 1, -1},
      [](int k, double x) { return x >= 1 ? 0 : (k % 2 == 1 ? -1 : 1) * of_power(0.5, k, 1 - x); });
  expect_derivatives(
      "gelu", [](const Value& x) { return sqrt(gelu(x)); }, {-2000}, zero_everywhere);
  expect_derivatives(
      "silu", [](const Value& x) { return log(silu(x)); }, {-2000}, zero_everywhere);
}

TEST(DeadBranches, ThatAreInfiniteDoNotAffectDerivatives) {
  const auto growing = [](int, double x) { return x > 0 ? 0 : std::exp(x); };
  expect_derivatives(
      "minimum", [](const Value& x) { return minimum(exp(x), 1.0); }, {-1, 800}, growing);
  expect_derivatives(
      "clamp", [](const Value& x) { return clamp(exp(x), 0.0, 1.0); }, {-1, 800}, growing);
  expect_derivatives(
      "where", [](const Value& x) { return where(x > 0.0, sqrt(x), -x); }, {-1, 2},
      [](int k, double x) { return x > 0    ? of_power(0.5, k, x)
                                   : k == 1 ? -1.
                                            : 0.; });
  expect_derivatives(
      "log of a quotient", [](const Value& x) { return log(1.0 / maximum(x, 1e-300)); }, {-1, 0, 2},
      where_positive([](int k, double x) { return -of_log(k, x); }));
  expect_derivatives(
      "sigmoid far out", [](const Value& x) { return 1.0 / (1.0 + exp(-x)); }, {-800, -1.15e4},
      zero_everywhere);
}

TEST(DeadBranches, OfReductionsDoNotAffectDerivatives) {
  const auto cut = [](const Value& x) { return where(x > 0.0, sqrt(x), 0.0); };
  const Derivative root = where_positive(of_power(0.5));
  const auto root_of_4 = [](int k, double x) { return x == 4 ? of_power(0.5, k, x) : 0; };
  const std::vector<double> x{-1, 0, 4};
  const auto check = expect_derivatives;
  check(
      "max", [&](const Value& v) { return max(cut(v)); }, x, root, 5);
  check(
      "min", [&](const Value& v) { return min(-cut(v)); }, x,
      [&](int k, double at) { return -root(k, at); }, 5);
  check(
      "max of roots", [&](const Value& v) { return max(sqrt(relu(v))); }, x, root, 5);
  check(
      "root of max", [&](const Value& v) { return sqrt(max(v)); }, x, root_of_4, 5);
  check(
      "norm inf", [&](const Value& v) { return norm(sqrt(relu(v)), infinity); }, x, root, 5);
  check(
      "norm 2", [&](const Value& v) { return norm(cut(v), 2); }, {-1, 4}, root, 5);
  const std::vector<double> dead{-1, -2};
  check(
      "logsumexp", [&](const Value& v) { return logsumexp(cut(v)); }, dead, zero_everywhere, 5);
  check(
      "softmax", [&](const Value& v) { return softmax(cut(v)); }, dead, zero_everywhere, 5);
  check(
      "softsign", [&](const Value& v) { return softsign(cut(v)); }, dead, zero_everywhere, 5);
}

TEST(DeadBranches, OfOpsWithTheirOwnRulesDoNotAffectDerivatives) {
  const auto check = [](const char* name, const Function& f) {
    expect_derivatives(
        name, [&](const Value& x) { return where(x > 0.0, f(x), 0.0); }, {-1, 0}, zero_everywhere);
  };
  check("softsign", [](const Value& x) { return softsign(sqrt(x)); });
  check("lerp", [](const Value& x) { return lerp(sqrt(x), log(x), x); });
  check("prod", [](const Value& x) { return prod(sqrt(x)); });
  check("prod of logs", [](const Value& x) { return prod(log(x)); });
  check("cumprod", [](const Value& x) { return cumprod(sqrt(x), 0); });
  check("exclusive cumprod",
        [](const Value& x) { return cumprod(log(x), 0, {.exclusive = true}); });
  check("logcumsumexp", [](const Value& x) { return logcumsumexp(log(x), 0); });
  check("max", [](const Value& x) { return max(log(x)); });
  check("norm", [](const Value& x) { return norm(rsqrt(x), infinity); });
  check("global_norm", [](const Value& x) { return global_norm(std::vector{sqrt(x)}); });
}

TEST(DeadBranches, DoNotAffectJvpsByDoubleTransposition) {
  const std::vector<Function> of{
      [](const Value& x) { return relu(x) * x; },
      [](const Value& x) { return where(x > 0.0, sqrt(x), 0.0); },
      [](const Value& x) { return maximum(x, 0.5) * sin(x); },
      [](const Value& x) { return maximum(x, sin(3.0 * x)) + minimum(x, 2.5 - x); },
      [](const Value& x) { return hypot(x, 1.0) * atan2(x, x * x - 3.0); },
      [](const Value& x) { return clamp(x * x, 0.0, 5.0); },
      [](const Value& x) { return pow(x, 3.0); },
      [](const Value& x) { return pow(x, full_like(x, 3)); },
      [](const Value& x) { return cumprod(where(x > 0.0, sqrt(x), 1.0), 0); }};
  for (std::size_t i = 0; i < of.size(); ++i) {
    SCOPED_TRACE(i);
    Graph graph;
    const Value x = graph.parameter("x", vector({-1, 2, 3}));
    const Value w = graph.constant(vector({1, 10, 100}));
    Value jvp = of[i](x), directional = of[i](x);
    for (int order = 1; order <= 3;
         ++order) {  // rules are linear in their cotangent, which is 0 here
      const Value u = graph.parameter("u" + std::to_string(order), vector({0, 0, 0}));
      const GradientOptions zeros{.seed = u, .unconnected = Unconnected::zeros};
      jvp = gradient(gradient(jvp, x, zeros), u, {.seed = w, .unconnected = Unconnected::zeros});
      // The same row by row: the derivative of each element along w.
      std::vector<Value> rows;
      for (const Value& element : split(directional, 3))
        rows.push_back(
            reshape(sum(gradient(sum(element), x, {.unconnected = Unconnected::zeros}) * w), {1}));
      directional = concat(rows, 0);
      const Tensor got = evaluate(jvp), want = evaluate(directional);
      for (std::int64_t k = 0; k < 3; ++k) expect_near(got.at(k), want.at(k));
    }
  }
}

}  // namespace
}  // namespace dagrad
