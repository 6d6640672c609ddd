// Values that are computed in the same way by nodes of their own.

#include "src/passes/alike.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/passes/effect.hpp"

namespace dagrad::test {
namespace {

using detail::made_alike;

TEST(MadeAlike, ComparesOpsAttributesAndOperands) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}}), y = graph.input("y", {f64, {4}});
  EXPECT_TRUE(made_alike(x, x));
  EXPECT_TRUE(made_alike(exp(x), exp(x)));
  EXPECT_TRUE(made_alike(norm(x - y), norm(x - y)));
  EXPECT_TRUE(made_alike(leaky_relu(x, 0.1), leaky_relu(x, 0.1)));
  EXPECT_FALSE(made_alike(x, y));
  EXPECT_FALSE(made_alike(exp(x), exp(y)));
  EXPECT_FALSE(made_alike(exp(x), x));
  EXPECT_FALSE(made_alike(exp(x), sin(x)));
  EXPECT_FALSE(made_alike(leaky_relu(x, 0.1), leaky_relu(x, 0.2)));
}

TEST(MadeAlike, ExchangesTheOperandsOfCommutativeOps) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}}), y = graph.input("y", {f64, {4}});
  EXPECT_TRUE(made_alike(exp(x) * y, y * exp(x)));
  EXPECT_FALSE(made_alike(x - y, y - x));
  EXPECT_FALSE(made_alike(x * y, y * y));
}

TEST(MadeAlike, TellsResultsOfANodeApart) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}});
  const std::vector<Value> a = split(x, 2), b = split(x, 2);
  EXPECT_TRUE(made_alike(a[1], b[1]));
  EXPECT_FALSE(made_alike(a[0], a[1]));
  EXPECT_FALSE(made_alike(a[0], b[1]));
}

TEST(MadeAlike, ComparesSmallConstantsBitByBit) {
  Graph graph;
  const auto of = [&](double number, std::int64_t size) {
    return graph.constant(Tensor::full({f64, {size}}, number));
  };
  EXPECT_TRUE(made_alike(of(3, 2), of(3, 2)));
  EXPECT_FALSE(made_alike(of(0.0, 2), of(-0.0, 2)));
  EXPECT_FALSE(made_alike(of(3, 2), of(3, 3)));
  EXPECT_FALSE(made_alike(of(3, 100'000), of(3, 100'000))) << "they are too large to compare";
}

TEST(MadeAlike, TellsOrderedOpsApart) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  EXPECT_FALSE(made_alike(apply(Effect{}, {x}), apply(Effect{}, {x})));
}

/// A value that is computed from x on a number of paths that doubles with each level.
Value doubled(Value x, int levels) {
  for (int i = 0; i < levels; ++i) x = sin(x) - cos(x);
  return x;
}

TEST(MadeAlike, GivesUpAfterSomeDozensOfNodes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), y = graph.input("y", {f64, {}});
  EXPECT_TRUE(made_alike(doubled(x, 3), doubled(x, 3)));
  EXPECT_FALSE(made_alike(doubled(x, 60), doubled(x, 60)));
  EXPECT_FALSE(made_alike(doubled(x, 60), doubled(y, 60)));
  Value sums = x, products = y;
  for (int i = 0; i < 60; ++i) {
    sums = exp(sums) + log(sums);
    products = exp(products) + log(products);
  }
  EXPECT_FALSE(made_alike(sums, products));
}

}  // namespace
}  // namespace dagrad::test
