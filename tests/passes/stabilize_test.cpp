// Values that are computed in a better way before their gradient is taken.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {
namespace {

TEST(Stabilize, AppendsToTheSameGraph) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({-800.0, -1.15e4}));
  const Value d = gradient(sum(stabilize(1.0 / (1.0 + exp(-x)))), x);
  EXPECT_EQ(evaluate(d).to_vector<double>(), (std::vector<double>{0.0, 0.0}));
  EXPECT_EQ(evaluate(gradient(sum(d), x)).to_vector<double>(), (std::vector<double>{0.0, 0.0}));
}

TEST(Stabilize, FindsTheSecondDerivativeOfASquaredNorm) {
  Graph graph;
  const Value a = graph.parameter("a", Tensor::of({.3, -1.0, 2.0}));
  const Value b = graph.parameter("b", Tensor::of({.3, -1.0, 2.0}));
  const Value n = norm(a - b);
  const Value d = gradient(stabilize(exp(-n * n)), a);
  EXPECT_EQ(evaluate(gradient(sum(d[{{0, 1}}]), b)).to_vector<double>(),
            (std::vector<double>{2.0, 0.0, 0.0}));
}

TEST(Stabilize, ReturnsTheValueWhereNoRuleApplies) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = sin(x) + 1;
  const std::size_t size = graph.size();
  EXPECT_EQ(stabilize(y), y);
  EXPECT_EQ(stabilize(x), x);
  EXPECT_EQ(graph.size(), size);
}

TEST(Stabilize, RebuildsWhatUsesAReplacedValue) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const std::vector<Value> parts = split(log(1 + x), 2);
  const Value y = stabilize(parts[1] * 2);
  EXPECT_EQ(evaluate(y, {{"x", Tensor::of({0.0, 1e-20})}}).at(0), 2e-20);
}

/// The op that makes the value once it is stabilised.
std::string stable_op(const Value& value) {
  return std::string(stabilize(value).node().op().name());
}

TEST(Stabilize, KnowsEverySpellingOfASquare) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}}), y = graph.input("y", {f64, {3}});
  const Value two = graph.constant(Tensor::of({2.0, 2.0, 2.0}));
  const auto spellings = [&](const Value& z) {
    return std::vector{square(z), z * z, pow(z, 2), pow(z, two), (z + y) * (z + y)};
  };
  const std::vector<Value> xs = spellings(x), ys = spellings(y);
  for (const Value& a : xs) {
    EXPECT_EQ(stable_op(sqrt(a)), "abs") << a.node().op().name();
    EXPECT_EQ(stable_op(sqrt(sum(a))), "norm") << a.node().op().name();
    for (const Value& b : ys)
      EXPECT_EQ(stable_op(sqrt(a + b)), "hypot")
          << a.node().op().name() << " and " << b.node().op().name();
  }
  for (const Value& other : {pow(x, 3), x * y, (x + y) * (x - y), pow(x, y), exp(x)}) {
    EXPECT_EQ(stable_op(sqrt(other)), "sqrt") << other.node().op().name();
    EXPECT_EQ(stable_op(sqrt(sum(other))), "sqrt") << other.node().op().name();
    EXPECT_EQ(stable_op(sqrt(square(x) + other)), "sqrt") << other.node().op().name();
  }
}

TEST(Stabilize, KeepsASquareThatIsBroadcastByItsExponent) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = sqrt(pow(x, graph.constant(Tensor::of({2.0, 2.0}))));
  EXPECT_EQ(stabilize(y), y);
}

TEST(Stabilize, KnowsEverySpellingOfASquaredNorm) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value n = norm(x);
  for (const Value& y : {square(n), n * n, pow(n, 2), norm(x) * norm(x)})
    EXPECT_EQ(stable_op(y), "sum") << y.node().op().name();
  EXPECT_EQ(stable_op(-norm(x) * norm(x)), "neg");
  EXPECT_EQ(stable_op(norm(x) * norm(-x)), "mul");
  EXPECT_EQ(stable_op(norm(x, 1) * norm(x, 1)), "mul");
  EXPECT_EQ(stable_op(norm(x) * norm(x, 1)), "mul");
  EXPECT_EQ(stable_op(pow(n, 3)), "power");
}

TEST(Stabilize, TakesValuesThatAreWrittenTwiceForOne) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}}), y = graph.input("y", {f64, {2, 3}});
  EXPECT_EQ(stable_op(exp(x) / sum(exp(x), {-1}, true)), "softmax");
  EXPECT_EQ(stable_op(exp(x - y) / sum(exp(x - y), {-1}, true)), "softmax");
  EXPECT_EQ(stable_op(exp(x * y) / (1 + exp(y * x))), "sigmoid");
  EXPECT_EQ(stable_op(exp(x - y) / (1 + exp(y - x))), "div");
  EXPECT_EQ(stable_op(exp(x) / sum(exp(y), {-1}, true)), "div");
}

TEST(Stabilize, GivesEverySpellingARightGradient) {
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({0.0, 1e200, -1e-200}));
  const auto slope = [&](const Value& y) {
    return evaluate(gradient(sum(stabilize(y)), x)).to_vector<double>();
  };
  EXPECT_EQ(slope(sqrt(x * x)), (std::vector<double>{0, 1, -1}));
  EXPECT_EQ(slope(sqrt(pow(x, 2))), (std::vector<double>{0, 1, -1}));
  EXPECT_EQ(slope(sqrt(sum(x * x))), (std::vector<double>{0, 1, 0}));
  const Value far = graph.parameter("far", Tensor::of({1000.0, 0.0}));
  const Value share = exp(far) / sum(exp(far), {-1}, true);
  EXPECT_EQ(evaluate(gradient(stabilize(share)[0], far)).to_vector<double>(),
            (std::vector<double>{0, 0}));
}

}  // namespace
}  // namespace dagrad
