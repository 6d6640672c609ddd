#include "dagrad/ops/einsum.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dagrad/gtest.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::message;
using ::testing::HasSubstr;

struct Vectors : ::testing::Test {
  Graph graph;
  Value x = graph.input("x", {f64, {2}}), y = graph.input("y", {f64, {3}});
  Value u = graph.constant(Tensor::of({2.0, 3.0})),
        v = graph.constant(Tensor::of({5.0, 7.0, 11.0}));
};

TEST_F(Vectors, HaveADotProduct) { EXPECT_EQ(evaluate(dot(v, v)).item<double>(), 195); }

TEST_F(Vectors, HaveAnOuterProduct) {
  const Tensor out = evaluate(outer(u, v));
  EXPECT_EQ(out.shape(), Shape({2, 3}));
  EXPECT_EQ(out.at(2), 22);
  EXPECT_EQ(out.at(3), 15);
}

TEST_F(Vectors, HaveProductsWithGradients) {
  Rng rng(1);
  const Feeds feeds{{x, rng.normal({2})}, {y, rng.normal({3})}};
  EXPECT_GRADIENT(dot(y, v), y, feeds);
  EXPECT_GRADIENT(outer(x, y), {x, y}, feeds);
}

TEST_F(Vectors, AreToldApartFromOtherShapes) {
  const Value m = graph.input("m", {f64, {2, 3}});
  EXPECT_THAT(message<ShapeError>([&] { dot(x, y); }),
              HasSubstr("dot: needs vectors of one size, got [2] and [3]"));
  EXPECT_THAT(message<ShapeError>([&] { dot(m, y); }),
              HasSubstr("dot: needs two vectors, got [2,3] and [3]"));
  EXPECT_THAT(message<ShapeError>([&] { outer(x, 2.0); }),
              HasSubstr("outer: needs two vectors, got [2] and []"));
}

}  // namespace
}  // namespace dagrad
