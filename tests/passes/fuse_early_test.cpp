// Parts of nodes that `fuse` computes early, where their operands are.

#include <gtest/gtest.h>

#include <array>

#include "dagrad/dagrad.hpp"
#include "dagrad/traced.hpp"
#include "src/program/lower.hpp"
#include "tests/passes/fused.hpp"

namespace dagrad {
namespace {

/// How often a node computes a primitive.
std::ptrdiff_t count(const Node& node, Primitive primitive) {
  if (node.kind() != NodeKind::op) return 0;
  const Traced* traced = node.op().get_if<Fused>();
  if (traced == nullptr) traced = node.op().get_if<Traced>();
  if (traced == nullptr) return 0;
  const Program program = detail::lower(*traced->recorded);
  return std::ranges::count_if(
      program.steps, [&](const Instruction& step) { return step.primitive == primitive; });
}
std::ptrdiff_t count(const Graph& graph, Primitive primitive) {
  std::ptrdiff_t all = 0;
  for (const Node& node : graph.nodes()) all += count(node, primitive);
  return all;
}

/// y, which depends on f(x w) by a product of matrices, and its gradients.
struct Model {
  template <class F>
  explicit Model(const F& f) : inner(x * w), shown(f(inner)) {
    const Value y = sum(square(matmul(shown, x)));
    values = gradient(y, {x, w});
    values.push_back(y);
  }

  Graph graph;
  Value x = graph.input("x", {f64, {4, 4}}), w = graph.input("w", {f64, {4, 4}});
  Value inner, shown;
  std::vector<Value> values;
};

TEST(FuseEarly, StoresTheSlopeInsteadOfTheOperand) {
  const Model model([](const Value& x) { return sigmoid(x); });
  const PassResult result = fused(model.graph, model.values);
  const Node forward = result.mapping(model.shown).node();
  EXPECT_EQ(forward.outputs(), 2u);
  EXPECT_EQ(count(forward, Primitive::exp), 1) << "the function and its slope share it";
  EXPECT_EQ(count(result.graph, Primitive::exp), 1);
  EXPECT_FALSE(result.mapping.find(model.inner));
}

struct Swish {
  static constexpr const char* name = "swish";
  template <class T>
  T operator()(T x) const {
    return x / (1 + exp(-x));
  }
};

TEST(FuseEarly, ComputesSlopesOfUsersOps) {
  const Model model([](const Value& x) { return apply(Swish{}, {x}); });
  const PassResult result = fused(model.graph, model.values);
  EXPECT_EQ(count(result.mapping(model.shown).node(), Primitive::exp), 1);
  EXPECT_EQ(count(result.graph, Primitive::exp), 1);
}

TEST(FuseEarly, DoesNotStoreMore) {
  Model asked([](const Value& x) { return sigmoid(x); });
  asked.values.push_back(asked.inner);
  EXPECT_EQ(count(fused(asked.graph, asked.values).graph, Primitive::exp), 2);

  Model used([](const Value& x) { return sigmoid(x); });
  used.values.push_back(matmul(used.inner, used.x));
  EXPECT_EQ(count(fused(used.graph, used.values).graph, Primitive::exp), 2);
}

TEST(FuseEarly, LeavesSlopesThatShareNoFunction) {
  const Model model([](const Value& x) { return tanh(x); });
  const PassResult result = fused(model.graph, model.values);
  EXPECT_EQ(count(result.mapping(model.shown).node(), Primitive::exp), 0);
  EXPECT_EQ(count(result.graph, Primitive::exp), 1);
}

TEST(FuseEarly, LeavesCheapSlopesWhereTheyAreUsed) {
  const Model model([](const Value& x) { return leaky_relu(x); });
  const PassResult result = fused(model.graph, model.values);
  EXPECT_EQ(count(result.graph, Primitive::less_equal), 2);
}

struct Steep {
  static constexpr const char* name = "steep";
  template <class T>
  T operator()(T x, T s) const {
    return 1 / (1 + exp(-(x * s)));
  }
};

TEST(FuseEarly, LeavesSlopesThatReadSomethingElse) {
  const Model number([](const Value& x) { return apply(Steep{}, {x, 2.5}); });
  EXPECT_EQ(count(fused(number.graph, number.values).graph, Primitive::exp), 1);

  Graph graph;
  const Value x = graph.input("x", {f64, {4, 4}}), s = graph.input("s", {f64, {4, 4}});
  const Value y = sum(square(matmul(apply(Steep{}, {x * x, s}), x)));
  EXPECT_EQ(count(fused(graph, {y, gradient(y, x)}).graph, Primitive::exp), 2);
}

/// Its early part is a bool.
struct Flip {
  static constexpr const char* name = "flip";
  template <class T>
  T operator()(T x, T late) const {
    return select(exp(x) > 1, late, -late);
  }
};

TEST(FuseEarly, StoresPartsOfAnotherDtype) {
  Graph graph;
  const Value x = graph.input("x", {f64, {4, 4}});
  const Value inner = x * x - 1, shown = exp(inner), late = matmul(shown, x);
  const Value y = apply(Flip{}, {inner, late}) * x;
  const PassResult result = fused(graph, {y});
  EXPECT_EQ(count(result.graph, Primitive::exp), 1);
  const Node forward = result.mapping(shown).node();
  ASSERT_EQ(forward.outputs(), 2u);
  EXPECT_EQ(forward.output(1).dtype(), b8);
}

TEST(FuseEarly, DividesNodesOfManySteps) {
  Graph graph;
  const Value x = graph.input("x", {f64, {50, 14}}), w = graph.parameter("w", counted({f64, {14}}));
  Value state = zeros_like(w);
  for (const Value& row : unstack(x)) state = sigmoid(w * row + state) * tanh(state - w);
  const Value y = sum(state);
  const Value slope = gradient(y, w);
  fused(graph, {y, slope});
  const Tensor rows = counted(x.type());
  const Tensor plain = compile({slope}, {.passes = {}})({{"x", rows}})[0];
  EXPECT_TRUE(same_bits(plain, compile({slope})({{"x", rows}})[0]));
}

/// Its second result is a constant of the formula.
struct WithConstant {
  static constexpr const char* name = "with_constant";
  template <class T>
  std::array<T, 2> operator()(T x) const {
    return {x + 1, T(0.5)};
  }
};

TEST(FuseEarly, DividesNothingIfAGroupCannotBeOneOp) {
  const Model model([](const Value& x) {
    const auto [more, half] = apply(WithConstant{}, {x});
    return sigmoid(x) * logaddexp(more, half);  // a function of a constant from another node
  });
  const PassResult result = fused(model.graph, model.values);
  const Names ops = ops_of(result.graph);
  EXPECT_EQ(std::ranges::count(ops, "sigmoid"), 1) << "the forward pass stays as it was";
}

}  // namespace
}  // namespace dagrad
