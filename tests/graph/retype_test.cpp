#include <gtest/gtest.h>

#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/random.hpp"
#include "dagrad/rewrite.hpp"

namespace dagrad {
namespace {

Tensor run(const Rewritten& copy, const Value& old, const Feeds& feeds = {}) {
  return evaluate(copy.mapping(old), feeds);
}

TEST(ReplayInAnotherDtype, WidensConstantsAfterRounding) {
  Graph graph;
  const Value x = graph.input("x", {f32, {}});
  const Value y = x + 0.1;
  EXPECT_EQ(run(replay(graph, f32, f64), y, {{"x", 0.0}}).item<double>(),
            static_cast<double>(0.1F));
}

TEST(ReplayInAnotherDtype, MakesFloatCastsIdentities) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = cast(square(cast(x, f32)), f64);
  EXPECT_EQ(run(replay(graph, f32, f64), y, {{"x", 0.1}}).item<double>(), 0.1 * 0.1);
  EXPECT_NE(evaluate(y, {{"x", 0.1}}).item<double>(), 0.1 * 0.1);
}

TEST(ReplayInAnotherDtype, DrawsRandomNumbersAsBefore) {
  Graph graph;
  const Value key = graph.constant(Tensor(std::int64_t{7}));
  const Value y = 2 * uniform(key, {f32, {4}});
  const Tensor narrow = evaluate(y), wide = run(replay(graph, f32, f64), y);
  EXPECT_EQ(wide.dtype(), f64);
  EXPECT_TRUE(same_bits(wide, narrow.cast(f64)));
}

TEST(ReplayInAnotherDtype, CastsIntegersThroughTheOldDtype) {
  Graph graph;
  const Value n = graph.input("n", {i64, {}});
  const Value y = cast(n, f32);
  const std::int64_t odd = (std::int64_t{1} << 24) + 1;
  EXPECT_EQ(run(replay(graph, f32, f64), y, {{"n", odd}}).item<double>(),
            static_cast<double>(odd - 1));
}

TEST(ReplayInAnotherDtype, RecordsDerivedRulesAgain) {
  Graph graph;
  const Value x = graph.input("x", {f32, {}});
  const Value slope =
      gradient(elementwise("f", [](auto v) { return select(v > 0, 0.1 * v * v, v); })(x), x);
  const Rewritten wide = replay(graph, f32, f64);
  EXPECT_EQ(wide.mapping(slope).dtype(), f64);
  EXPECT_EQ(run(wide, slope, {{"x", 3.0}}).item<double>(), 2 * static_cast<double>(0.1F) * 3);
  const Rewritten back = replay(wide.graph, f64, f32);
  EXPECT_TRUE(
      same_bits(run(back, wide.mapping(slope), {{"x", 3.0F}}), evaluate(slope, {{"x", 3.0F}})));
}

TEST(Extract, FindsItsGraphByTheOutputs) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), y = square(x) + 1;
  (void)exp(x);
  const Value outputs[] = {y};
  EXPECT_EQ(extract(outputs).graph.size(), 4U);
  EXPECT_THROW(extract(std::span<const Value>{}), ArgumentError);
}

}  // namespace
}  // namespace dagrad
