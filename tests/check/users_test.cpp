// What the guide shows of users' own tests.
#include <dagrad/dagrad.hpp>

// [include]
#include <dagrad/gtest.hpp>
// [/include]

using namespace dagrad;

struct Cube {
  static constexpr auto name = "cube";
  template <class T>
  T operator()(T x) const {
    return x * x * x;
  }
};

// [tests]
TEST(Model, HasTheRightGradient) {
  Graph graph;
  Rng rng(1);
  const Value x = graph.input("x", {f64, {4, 3}});
  const Value w = graph.parameter("w", rng.normal({3, 2}));
  EXPECT_GRADIENT(mean(tanh(matmul(x, w))), {x, w}, {{x, rng.normal({4, 3})}});
}

TEST(Cube, IsRight) { EXPECT_OP(Cube{}); }  // values, both orders, linearity, precision
// [/tests]
