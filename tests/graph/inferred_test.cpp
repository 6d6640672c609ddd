// A graph remembers the type that an op inferred last.

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace dagrad {
namespace {

/// The type of what an op gives for operands.
Type type_of(Op op, const std::vector<Operand>& in) {
  return apply(std::move(op), std::span<const Operand>(in))[0].type();
}

TEST(InferredTypes, FollowTheOperands) {
  Graph graph;
  const Value a = graph.input("a", {f64, {2, 3}}), b = graph.input("b", {f32, {3}}),
              c = graph.input("c", {f64, {3}}), d = graph.input("d", {f64, {2, 1}}),
              e = graph.input("e", {f64, {2}});
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(type_of(Exp{}, {a}), a.type());
    EXPECT_EQ(type_of(Exp{}, {b}), b.type());
    EXPECT_EQ(type_of(Add{}, {a, c}), a.type());
    EXPECT_EQ(type_of(Add{}, {c, d}), a.type());
    EXPECT_EQ(type_of(Add{}, {c, c}), c.type());
    EXPECT_THROW(type_of(Add{}, {c, e}), ShapeError);
    EXPECT_EQ(type_of(Add{}, {c, c}), c.type());
    EXPECT_EQ(type_of(Concat{}, {c, c}).shape, Shape({6}));
    EXPECT_EQ(type_of(Concat{}, {c, c, e}).shape, Shape({8}));
    EXPECT_EQ(type_of(Concat{}, {c, e, e}).shape, Shape({7}));
    EXPECT_EQ(type_of(Concat{}, {c, e, c, c, c}).shape, Shape({14})) << "more than are remembered";
    EXPECT_EQ(type_of(Concat{}, {c, e, c, c, e}).shape, Shape({13}));
  }
}

TEST(InferredTypes, AreOfOpsWithTheSameAttributes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3, 4}});
  for (int round = 0; round < 2; ++round)
    for (const std::int64_t axis : {0, 1, 2}) {
      EXPECT_EQ(type_of(Sum{{{axis}, false}}, {x}).shape.rank(), 2);
      EXPECT_EQ(type_of(Sum{{{axis}, true}}, {x}).shape[axis], 1);
    }
  EXPECT_EQ(type_of(Sum{{{0}, false}}, {x}).shape, Shape({3, 4}));
  EXPECT_EQ(type_of(Sum{{{2}, false}}, {x}).shape, Shape({2, 3}));
}

/// A user's op that refuses negative constants.
struct Positive {
  static constexpr auto name = "positive";
  template <class T>
  T operator()(T x) const {
    return x;
  }
  void validate(std::span<const View> in) const {
    if (in[0].data != nullptr && *static_cast<const double*>(in[0].data) < 0)
      throw ArgumentError("is negative");
  }
};

TEST(InferredTypes, DoNotReplaceTheCheckOfConstants) {
  Graph graph;
  const Value good = graph.constant(Tensor(1.0)), bad = graph.constant(Tensor(-1.0));
  EXPECT_EQ(type_of(Positive{}, {good}), good.type());
  EXPECT_THROW(type_of(Positive{}, {bad}), ArgumentError);
  EXPECT_EQ(type_of(Positive{}, {good}), good.type());
}

}  // namespace
}  // namespace dagrad
