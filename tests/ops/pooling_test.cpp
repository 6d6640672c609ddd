#include "dagrad/ops/pooling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dagrad/gtest.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::message;
using ::testing::HasSubstr;

TEST(GlobalAvgPool, IsTheMeanOfEachPlane) {
  Graph graph;
  const Value x = graph.constant(
      Tensor({1, 2, 2, 3}, {1.0, 2.0, 3.0, 4.0, 5.0, 9.0, 0.0, 0.0, 0.0, 6.0, 6.0, 18.0}));
  const Tensor out = evaluate(global_avg_pool(x));
  EXPECT_EQ(out.shape(), Shape({1, 2}));
  EXPECT_EQ(out.at(0), 4);
  EXPECT_EQ(out.at(1), 5);
}

TEST(GlobalAvgPool, HasAGradient) {
  Graph graph;
  Rng rng(1);
  const Value x = graph.input("x", {f64, {2, 3, 2, 4}});
  EXPECT_GRADIENT(global_avg_pool(x), x, {{x, rng.normal({2, 3, 2, 4})}});
}

TEST(GlobalAvgPool, TellsWhatItCannotTake) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3, 4}}),
              empty = graph.input("empty", {f64, {1, 2, 0, 3}});
  EXPECT_THAT(message<ShapeError>([&] { global_avg_pool(x); }),
              HasSubstr("global_avg_pool: needs [n, c, h, w], got [3,4]"));
  EXPECT_THROW(global_avg_pool(empty), ShapeError);
}

}  // namespace
}  // namespace dagrad
