#include <gtest/gtest.h>

#include <array>
#include <span>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "tests/throws.hpp"

/// In how many ways ys, xs and seeds can be given.
namespace {

using namespace dagrad;

class GradientOverloads : public testing::Test {
 protected:
  Graph graph;
  Value v = graph.input("v", {f64, {3}});
};

TEST_F(GradientOverloads, TakeAnyMixOfValuesListsAndSeeds) {
  const Value y = sum(exp(v)), z = exp(v), s = graph.input("s", v.type());
  const auto same = [&](const Value& dv, const Value& wanted) {
    const Feeds feeds{{v, Tensor::of({0.5, 1.0, 2.0})}, {s, Tensor::of({1.0, -2.0, 3.0})}};
    EXPECT_TRUE(same_bits(evaluate(dv, feeds), evaluate(wanted, feeds)));
  };
  const std::vector<Value> xs{v}, ys{y, y};
  const std::array<Value, 1> array{v};
  const Value plain[] = {v};
  for (const std::vector<Value>& list :
       {gradient(y, {v}), gradient(y, xs), gradient(y, array), gradient(y, plain),
        gradient(y, std::span<const Value>(xs)), gradient(y, {&v, 1}), gradient({y}, {v}),
        gradient({{y}}, xs), gradient(y, xs, {.unconnected = Unconnected::zeros})}) {
    ASSERT_EQ(list.size(), 1U);
    same(list[0], exp(v));
  }
  same(gradient({y, y}, v), 2 * exp(v));
  same(gradient(ys, v), 2 * exp(v));
  same(gradient({y, y}, {v})[0], 2 * exp(v));
  same(gradient(ys, xs)[0], 2 * exp(v));
  same(gradient(z, v, {.seed = s}), s * exp(v));
  same(gradient({{z, s}}, v), s * exp(v));
  const std::vector<Seeded> seeded{{z, s}, {y}};
  const Seeded plain_seeded[] = {{z, s}, {y}};
  for (const Value& dv :
       {gradient({{z, s}, {y}}, v), gradient(seeded, v), gradient(plain_seeded, v),
        gradient(std::span(seeded), xs)[0], gradient({{z, s}, {y}}, {v})[0]})
    same(dv, s * exp(v) + exp(v));
}

TEST_F(GradientOverloads, TakeASeedInTheOptionsForOneY) {
  const Value y = exp(v), s = graph.input("s", v.type());
  const std::string text =
      "gradient: GradientOptions::seed is for a single y that has no seed of its own: give each y "
      "its seed, as in {{y1, seed1}, {y2, seed2}}";
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)gradient({y, y}, v, {.seed = s}); }), text);
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)gradient({{y, s}}, v, {.seed = s}); }), text);
  EXPECT_EQ(mistake<ArgumentError>([&] { (void)gradient(std::vector<Value>(), v); }),
            "gradient: needs at least one y");
  const Seeded seedless[] = {{y}};
  EXPECT_EQ(gradient(seedless, v, {.seed = s}).type(), v.type());
}

}  // namespace
