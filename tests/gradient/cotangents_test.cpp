#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/ops/recurrence.hpp"

/// Infinite and NaN cotangents times partial derivatives that are zero. If these are structurally
/// zero, the result is 0; if only their value is 0, the result is NaN.
namespace dagrad {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Function = std::function<Value(const Value& x)>;

Tensor vector(const std::vector<double>& x) {
  return Tensor({static_cast<std::int64_t>(x.size())}, x);
}

/// At x, the expected factors of a gradient and of its own gradient, both with the same seed.
struct Case {
  const char* name;
  Function f;
  std::vector<double> x;
  std::vector<double> first, second = {};
};

void expect_multiples(const Value& gradient, double seed, const std::vector<double>& multiples) {
  const Tensor got = evaluate(gradient);
  ASSERT_EQ(got.size(), static_cast<std::int64_t>(multiples.size()));
  for (std::size_t i = 0; i < multiples.size(); ++i) {
    const double is = got.at(static_cast<std::int64_t>(i));
    const double want = multiples[i] == 0 ? 0 : multiples[i] * seed;
    EXPECT_TRUE(std::isnan(want) ? std::isnan(is) : is == want)
        << "element " << i << " is " << is << ", expected " << want;
  }
}

void check(const Case& c, double seed) {
  SCOPED_TRACE(std::string(c.name) + ", seed " + std::to_string(seed));
  Graph graph;
  const Value x = graph.parameter("x", vector(c.x)), y = c.f(x);
  const Value dx = gradient(y, x, {.seed = full_like(y, seed)});
  expect_multiples(dx, seed, c.first);
  if (c.second.empty()) return;
  const Value ddx =
      gradient(dx, x, {.seed = full_like(x, seed), .unconnected = Unconnected::zeros});
  expect_multiples(ddx, seed, c.second);
}

void check_all(const std::vector<Case>& cases) {
  for (const Case& c : cases)
    for (const double seed : {infinity, nan}) check(c, seed);
}

TEST(Cotangents, DoNotPassActivationsThatAreCutOff) {
  check_all({
      {"relu", [](const Value& x) { return relu(x); }, {-1, 0, 2}, {0, 0, 1}, {0, 0, 0}},
      {"relu6", [](const Value& x) { return relu6(x); }, {-1, 0, 2, 7}, {0, 0, 1, 0}, {0, 0, 0, 0}},
      {"leaky_relu", [](const Value& x) { return leaky_relu(x); }, {-1, 2}, {1, 1}, {0, 0}},
      {"leaky_relu of 0", [](const Value& x) { return leaky_relu(x, 0); }, {-1, 2}, {0, 1}, {0, 0}},
      {"elu", [](const Value& x) { return elu(x); }, {-1, 2}, {1, 1}, {1, 0}},
      {"celu", [](const Value& x) { return celu(x); }, {-1, 2}, {1, 1}, {1, 0}},
      {"selu", [](const Value& x) { return selu(x); }, {-1, 2}, {1, 1}, {1, 0}},
      {"hard_sigmoid",
       [](const Value& x) { return hard_sigmoid(x); },
       {-4, 1, 4},
       {0, 1, 0},
       {0, 0, 0}},
      {"hard_swish",
       [](const Value& x) { return hard_swish(x); },
       {-4, 1, 4},
       {0, 1, 1},
       {0, 1, 0}},
      {"gelu", [](const Value& x) { return gelu(x); }, {-2000, 1, 2000}, {0, 1, 1}, {0, 1, 0}},
      {"silu", [](const Value& x) { return silu(x); }, {-2000, 1, 2000}, {0, 1, 1}, {0, 1, 0}},
      {"mish", [](const Value& x) { return mish(x); }, {-2000, 2000}, {0, 1}, {0, 0}},
      {"hinge", [](const Value& x) { return hinge(x, ones_like(x)); }, {2, -1}, {0, -1}, {0, 0}},
      {"huber", [](const Value& x) { return huber(x, 0.0); }, {0.5, 3}, {1, 1}, {1, 0}},
  });
}

TEST(Cotangents, DoNotPassOperandsThatAreNotChosen) {
  check_all({
      {"maximum", [](const Value& x) { return maximum(x, 0.0); }, {-1, 0, 2}, {0, 1, 1}, {0, 0, 0}},
      {"maximum of a constant and",
       [](const Value& x) { return maximum(0.0, x); },
       {-1, 0, 2},
       {0, 1, 1},
       {0, 0, 0}},
      {"minimum", [](const Value& x) { return minimum(x, 0.0); }, {-1, 0, 2}, {1, 1, 0}, {0, 0, 0}},
      {"maximum of both", [](const Value& x) { return maximum(x, -x); }, {-1, 2}, {-1, 1}, {0, 0}},
      {"maximum of NaN", [](const Value& x) { return maximum(x, 0.0); }, {nan}, {nan}},
      {"clamp",
       [](const Value& x) { return clamp(x, 0.0, 1.0); },
       {-1, 0.5, 2},
       {0, 1, 0},
       {0, 0, 0}},
      {"a bound", [](const Value& x) { return clamp(3.0, x, 9.0); }, {-1, 5}, {0, 1}, {0, 0}},
      {"max", [](const Value& x) { return max(x); }, {1, 2, 2}, {0, 1, 1}, {0, 0, 0}},
      {"min", [](const Value& x) { return min(x); }, {1, 2, 2}, {1, 0, 0}, {0, 0, 0}},
      {"norm", [](const Value& x) { return norm(x, infinity); }, {1, -2}, {0, -1}, {0, 0}},
      {"norm of a tie",
       [](const Value& x) { return norm(x, infinity); },
       {1, 2, -2},
       {0, 1, -1},
       {0, 0, 0}},
  });
}

TEST(Cotangents, DoNotPassConditions) {
  check_all({
      {"where", [](const Value& x) { return where(x > 0.0, x, 0.0); }, {-1, 2}, {0, 1}, {0, 0}},
      {"where of squares",
       [](const Value& x) { return where(x > 0.0, x * x, 0.0); },
       {-1, 2},
       {0, 1},
       {0, 1}},
      {"nested where",
       [](const Value& x) { return where(x > 0.0, where(x < 1.0, log(x), x), 0.0); },
       {-1, 2},
       {0, 1},
       {0, 0}},
      {"select",
       [](const Value& x) {
         return elementwise("f", [](auto v) {
           return select(v > 0, select(v < 1, log(v), v * v), 0) + select(v < 0, sqrt(v), 0);
         })(x);
       },
       {0, 2},
       {0, 1},
       {0, 1}},
  });
}

TEST(Cotangents, DoNotPassSlopesThatAreZeroByConvention) {
  const auto along_first = [](auto f) { return [f](const Value& x) { return f(x, x * 0.0); }; };
  check_all({
      {"pow by 0", [](const Value& x) { return pow(x, 0.0); }, {-1, 0, 2}, {0, 0, 0}, {0, 0, 0}},
      {"pow by a value of 0",
       [](const Value& x) { return pow(x, stop_gradient(zeros_like(x))); },
       {-1, 0, 2},
       {0, 0, 0},
       {0, 0, 0}},
      {"pow of 0", [](const Value& y) { return pow(zeros_like(y), y); }, {0, 2}, {0, 0}, {0, 0}},
      {"hypot", along_first([](auto a, auto b) { return hypot(a, b); }), {0}, {0}, {0}},
      {"atan2", along_first([](auto a, auto b) { return atan2(a, b); }), {0}, {0}, {0}},
  });
}

TEST(Cotangents, StayNanAtSlopesThatAreZeroByValue) {
  const auto cubed = elementwise("cubed", [](auto v) { return v * v * v; });
  check_all({
      {"product", [](const Value& x) { return x * x; }, {0, 2}, {nan, 1}, {1, 1}},
      {"square", [](const Value& x) { return square(x); }, {0, 2}, {nan, 1}, {1, 1}},
      {"cosine", [](const Value& x) { return cos(x); }, {0}, {nan}, {-1}},
      {"sine", [](const Value& x) { return sin(x); }, {0}, {1}, {nan}},
      {"functor", [&](const Value& x) { return cubed(x); }, {0}, {nan}, {nan}},
      {"floor", [](const Value& x) { return floor(x) + x; }, {-1.5}, {1}, {0}},
  });
}

TEST(Cotangents,
     DoNotPassCotangentsThatAreZeroByValue) {  // they cannot be distinguished from dead ones
  for (const double seed : {infinity, nan}) {
    Graph graph;
    const Value x = graph.parameter("x", vector({0})), slope = gradient(sum(sin(x)), x);
    expect_multiples(gradient(slope, x, {.seed = full_like(x, seed)}), seed, {0});
    const Value p = graph.parameter("p", vector({0.25})), loss = binary_cross_entropy(p, 0.25);
    expect_multiples(gradient(loss, p, {.seed = full_like(p, seed)}), seed, {0});
  }
}

TEST(Cotangents, OfGroupsWithANanAreNan) {
  check({"max", [](const Value& x) { return max(x); }, {1, nan, 2}, {nan, nan, nan}}, 1);
  check({"norm", [](const Value& x) { return norm(x, infinity); }, {1, nan}, {nan, nan}}, 1);
}

TEST(Cotangents, ArePassedBackByPulls) {
  Graph graph;
  const Value c = graph.constant(vector({0, 0, 2, 1})),
              b = graph.constant(vector({infinity, nan, nan, 3}));
  const Tensor pulled = evaluate(pulled_recurrence(c, b, 0));
  EXPECT_EQ(pulled.at(2), 0);
  EXPECT_EQ(pulled.at(3), 2);
  EXPECT_TRUE(std::isnan(evaluate(recurrence(c, b, 0)).at(3)));
}

/// The derivative of the given order of f(s, t) with respect to operand `along`, at float64
/// scalars.
double derivative_of(const std::function<Value(const Value&, const Value&)>& f, double s, double t,
                     const std::vector<std::size_t>& along) {
  Graph graph;
  const std::vector<Value> x{graph.parameter("s", Tensor(s)), graph.parameter("t", Tensor(t))};
  Value y = f(x[0], x[1]);
  for (const std::size_t i : along) y = gradient(y, x[i], {.unconnected = Unconnected::zeros});
  return evaluate(y).item<double>();
}

TEST(Limits, EqualInfinitiesShareLogaddexpEqually) {
  const auto f = [](const Value& a, const Value& b) { return logaddexp(a, b); };
  for (const double x : {infinity, -infinity}) {
    for (const std::size_t i : {0U, 1U}) {
      EXPECT_EQ(derivative_of(f, x, x, {i}), 0.5) << x;
      EXPECT_EQ(derivative_of(f, x, x, {i, i}), 0) << x;
    }
  }
  EXPECT_EQ(derivative_of(f, infinity, 1, {0}), 1);
  EXPECT_EQ(derivative_of(f, infinity, 1, {1}), 0);
  EXPECT_EQ(derivative_of(f, 3, 3, {0, 0}), 0.25);
  EXPECT_EQ(derivative_of(f, 3, 3, {0, 1}), -0.25);
}

TEST(Limits, HypotIsFlatAtTheOrigin) {
  const auto f = [](const Value& a, const Value& b) { return hypot(a, b); };
  for (const double zero : {0.0, -0.0}) {
    std::vector<std::size_t> along;
    for (int order = 1; order <= 5; ++order) {
      along.push_back(0);
      EXPECT_EQ(derivative_of(f, 0, zero, along), 0) << order;
      along.back() = 1;
      EXPECT_EQ(derivative_of(f, zero, 0, along), 0) << order;
    }
  }
  EXPECT_EQ(derivative_of(f, infinity, 1, {0}), 1);
  EXPECT_EQ(derivative_of(f, infinity, 1, {1}), 0);
}

}  // namespace
}  // namespace dagrad
