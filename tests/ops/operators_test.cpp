#include "dagrad/ops/operators.hpp"

#include <gtest/gtest.h>

#include "dagrad/ops/elementwise.hpp"

namespace dagrad {
namespace {

TEST(Operators, BuildTheirOps) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}}), y = graph.input("y", {f64, {2}});
  const auto op = [](const Value& value) { return std::string(value.node().op().name()); };
  EXPECT_EQ(op(x + y), "add");
  EXPECT_EQ(op(x - y), "sub");
  EXPECT_EQ(op(x * y), "mul");
  EXPECT_EQ(op(x / y), "div");
  EXPECT_EQ(op(x % y), "remainder");
  EXPECT_EQ(op(-x), "neg");
  EXPECT_EQ(op(x < y), "less");
  EXPECT_EQ(op(x <= y), "less_equal");
  EXPECT_EQ(op(x > y), "greater");
  EXPECT_EQ(op(x >= y), "greater_equal");
  EXPECT_EQ((x < y).dtype(), b8);
  EXPECT_EQ(op(x < y && x > y), "logical_and");
  EXPECT_EQ(op(x < y || x > y), "logical_or");
  EXPECT_EQ(op(!(x < y)), "logical_not");
}

// `!x` builds a node, so it must not be mistaken for a test for emptiness.
static_assert(!std::is_constructible_v<bool, Value&>);

TEST(Operators, AcceptAPlainNumberOnEitherSide) {
  Graph graph;
  const Value x = graph.input("x", {f32, {2}});
  for (const Value& value : {0.5 * x, x * 2, 1 - x, x / 2.0, 2 % x, x + 1U}) {
    EXPECT_EQ(value.type(), (Type{f32, {2}}));
    EXPECT_EQ(value.node().operands().size(), 2U);
  }
  EXPECT_EQ((1 - x).node().operands()[1], x);
  EXPECT_EQ((x - 1).node().operands()[0], x);
}

// A bool is not an operand, since it is most likely the result of comparing two handles.
TEST(Operators, TakeABoolAsAConstant) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  EXPECT_EQ(where(graph.constant(true), x, 2 * x).type(), x.type());
}

TEST(Operators, RecordTheirLine) {
  Graph graph;
  Value x = graph.input("x", {f64, {}});
  const auto line = [](const Value& value) { return value.node().where().line; };
  EXPECT_EQ(line(x + 1), __LINE__);
  EXPECT_EQ(line(2 * x), __LINE__);
  EXPECT_EQ(line(-x), __LINE__);
  EXPECT_EQ(line(exp(x)), __LINE__);
  x += 1;
  EXPECT_EQ(line(x), __LINE__ - 1);
  EXPECT_STREQ(x.node().where().file, __FILE__);
}

TEST(Operators, RebindAHandle) {
  Graph graph;
  const Value a = graph.input("a", {f64, {}});
  Value x = a;
  x += 1;
  EXPECT_EQ(x.node().op().name(), "add");
  EXPECT_EQ(x.node().operands()[0], a);
  x -= a;
  x *= 2;
  x /= a;
  x %= 3;
  EXPECT_EQ(x.node().op().name(), "remainder");
  EXPECT_EQ(graph.node(x.node_id()).operands()[0].node().op().name(), "div");
}

}  // namespace
}  // namespace dagrad
