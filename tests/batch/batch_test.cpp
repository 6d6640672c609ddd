#include "dagrad/batch.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "dagrad/compile.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/order.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/scan.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "tests/throws.hpp"

namespace {

using namespace dagrad;

/// An op that says nothing about batches: x with its elements in reverse order, and their number.
struct Reversed {
  static constexpr auto name = "reversed";
  static constexpr std::size_t operands = 1;
  static constexpr no_grad grad{"it is only an example"};
  std::array<Type, 2> infer(std::span<const Type> in) const { return {in[0], {i64, {}}}; }
  void eval(const EvalContext& c) const {
    const auto from = c.in<double>(0);
    const auto to = c.out<double>(0);
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[from.size() - 1 - i];
    c.out<std::int64_t>(1)[0] = static_cast<std::int64_t>(from.size());
  }
};

/// An op whose `batch` loses the batch axis.
struct Forgetful {
  static constexpr auto name = "forgetful";
  static constexpr std::size_t operands = 1;
  static constexpr no_grad grad{"it is only an example"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {}
  std::vector<Value> batch(const BatchContext& b) const { return {b.in[0][0]}; }
};

/// An op whose leading axes are batch axes already.
struct Doubled {
  static constexpr auto name = "doubled";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
  static constexpr no_grad grad{"it is only an example"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext& c) const {
    for (std::size_t i = 0; i < c.in<double>(0).size(); ++i)
      c.out<double>()[i] = 2 * c.in<double>(0)[i];
  }
};

class Batch : public ::testing::Test {
 protected:
  Graph graph;
  Value x = graph.input("x", {f64, {3}});
  Value xs = graph.input("xs", {f64, {2, 3}});
  Tensor data = Tensor::of<double>({{1, 2, 3}, {-4, 5, 0.5}});
};

TEST_F(Batch, AlignsOperandsOfDifferentRank) {
  const Value table = graph.constant({{1.0, 2.0, 3.0}, {10.0, 20.0, 30.0}});
  const Value y = batch(x * table + 1, {{x, xs}});
  EXPECT_EQ(y.shape(), Shape({2, 2, 3}));
  EXPECT_TENSOR_SAME(
      evaluate(y, {{xs, data}}),
      Tensor::of<double>({{{2, 5, 10}, {11, 41, 91}}, {{-3, 11, 2.5}, {-39, 101, 16}}}));
}

TEST_F(Batch, ComputesWhatDependsOnNoInputOnce) {
  const Value w = graph.parameter("w", Tensor::of({1.0, 2.0, 3.0}));
  const Value shared = exp(w), y = x * shared;
  const std::size_t before = graph.size();
  const Value all = batch(y, {{x, xs}});
  EXPECT_EQ(graph.size(), before + 1);
  EXPECT_EQ(all.node().operands()[1], shared);
}

TEST_F(Batch, RepeatsWhatDependsOnNoInput) {
  const Value other = graph.constant({1.0, 2.0});
  const std::vector<Value> ys = batch({other, x, zeros_like(x)}, {{x, xs}});
  EXPECT_TENSOR_SAME(evaluate(ys[0]), Tensor::of<double>({{1, 2}, {1, 2}}));
  EXPECT_EQ(ys[1], xs);
  EXPECT_TENSOR_SAME(evaluate(ys[2]), Tensor::of<double>({{0, 0, 0}, {0, 0, 0}}));
}

TEST_F(Batch, TakesTheAxisAnywhere) {
  const Value columns = graph.input("columns", {f64, {3, 2}});
  for (const std::int64_t axis : {1, -1}) {
    const Value y = batch(cumsum(x, 0), {{x, columns}}, {.axis = axis});
    EXPECT_TENSOR_SAME(evaluate(y, {{columns, Tensor::of<double>({{1, -4}, {2, 5}, {3, 0.5}})}}),
                       Tensor::of<double>({{1, 3, 6}, {-4, 1, 1.5}}));
  }
}

TEST_F(Batch, OfSeedsGivesTheRowsOfAJacobian) {
  const Value w = graph.constant({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  const Value y = square(matmul(w, x)), seed = graph.input("seed", y.type());
  const Value dx = gradient(y, x, {.seed = seed});
  const Value seeds = graph.constant({{1.0, 0.0}, {0.0, 1.0}, {1.0, 1.0}});
  const Value rows = batch(dx, {{seed, seeds}});
  EXPECT_TENSOR_SAME(evaluate(rows, {{x, Tensor::of({1.0, 1.0, -1.0})}}),
                     Tensor::of<double>({{0, 0, 0}, {24, 30, 36}, {24, 30, 36}}));
  EXPECT_EQ(rows.node().gradient_order(), 1);
}

TEST_F(Batch, OfAGradientIsTheGradientOfEachSample) {
  const Value w = graph.parameter("w", Tensor::of({0.5, -1.0, 2.0}));
  const Value loss = square(sum(w * x) - 1);
  const Value each = batch(gradient(loss, w), {{x, xs}});
  const Value mean_loss = sum(batch(loss, {{x, xs}}));
  const auto values = evaluate({each, gradient(mean_loss, w)}, {{xs, data}});
  EXPECT_TENSOR_SAME(values[0], Tensor::of<double>({{7, 14, 21}, {56, -70, -7}}));
  EXPECT_TENSOR_SAME(values[1], Tensor::of<double>({63, -56, 14}));
}

TEST_F(Batch, OfABatchHasTwoMoreAxes) {
  const Value z = graph.input("z", {f64, {}});
  const Value zs = graph.input("zs", {f64, {4}});
  const Value y = batch(batch(x * z, {{x, xs}}), {{z, zs}});
  EXPECT_EQ(y.shape(), Shape({4, 2, 3}));
}

TEST_F(Batch, StartsFromValuesInTheMiddle) {
  const auto parts = topk(x, 3);
  const Value y = parts.values * 2 + cast(parts.indices, f64);
  const Value values = graph.input("values", {f64, {2, 3}});
  const Value all = batch(y, {{parts.values, values}});
  EXPECT_TENSOR_SAME(evaluate(all, {{x, Tensor::of({3.0, 1.0, 2.0})}, {values, data}}),
                     Tensor::of<double>({{2, 6, 7}, {-8, 12, 2}}));
}

TEST_F(Batch, LoopsOverOpsThatSayNothing) {
  const auto reversed = apply(Reversed{}, {x});
  const auto ys = batch({reversed[0], reversed[1]}, {{x, xs}});
  const auto values = evaluate(ys, {{xs, data}});
  EXPECT_TENSOR_SAME(values[0], Tensor::of<double>({{3, 2, 1}, {0.5, 5, -4}}));
  EXPECT_TENSOR_SAME(values[1], Tensor::of<std::int64_t>({3, 3}));
}

TEST_F(Batch, UsesTheLeadingAxesOfUsersOps) {
  const Value y = batch(apply(Doubled{}, {x}), {{x, xs}}, {.loops = Loops::refused});
  EXPECT_EQ(y.node().op().name(), "doubled");
  EXPECT_TENSOR_SAME(evaluate(y, {{xs, data}}), Tensor::of<double>({{2, 4, 6}, {-8, 10, 1}}));
}

TEST_F(Batch, MayHaveNoMembers) {
  const Value none = graph.input("none", {f64, {0, 3}});
  const auto reversed = apply(Reversed{}, {x});
  const auto ys = batch({reversed[0], reversed[1], sum(x), x * 2}, {{x, none}});
  const auto values = evaluate(ys, {{none, Tensor({f64, {0, 3}})}});
  const Shape shapes[] = {{0, 3}, {0}, {0}, {0, 3}};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(values[i].shape(), shapes[i]);
  EXPECT_TENSOR_SAME(evaluate(gradient(sum(ys[3]), none), {{none, Tensor({f64, {0, 3}})}}),
                     Tensor({f64, {0, 3}}));
}

// ---- mistakes

TEST_F(Batch, RefusesLoopsOnRequest) {
  const Value y = apply(Reversed{}, {x})[0].named("mirror");
  const std::size_t before = graph.size();
  EXPECT_THROWS_PART(
      batch(y, {{x, xs}}, {.loops = Loops::refused}), ArgumentError, without_line,
      "batch: 'reversed' does not say how it works on a batch, and loops are refused: give it a "
      "`batch`, or allow loops\n  node 'mirror', made at " +
          std::string(__FILE__));
  EXPECT_EQ(graph.size(), before);
}

TEST_F(Batch, ChecksWhatAnOpReturns) {
  const Value y = apply(Forgetful{}, {x});
  EXPECT_THROWS_PART(
      batch(y, {{x, xs}}), GraphError, without_line,
      "batch: the `batch` of 'forgetful' returned float64[3] for result 0, which must be "
      "float64[2,3]\n  node 'forgetful', made at " +
          std::string(__FILE__));
}

TEST_F(Batch, NamesWhatIsWrongWithInputs) {
  const auto text = [&]<class E>(std::type_identity<E>, std::span<const Batched> inputs,
                                 BatchOptions options = {}) {
    return mistake<E>([&] { batch({x * 2}, inputs, options); });
  };
  const std::type_identity<ShapeError> shape;
  const std::type_identity<TypeError> type;
  const std::type_identity<ArgumentError> argument;
  const std::vector<Batched> right{{x, xs}};
  EXPECT_EQ(mistake<ArgumentError>([&] { batch(std::vector<Value>(), right); }),
            "batch: needs at least one y");
  EXPECT_EQ(text(argument, {}), "batch: needs at least one input");
  EXPECT_EQ(text(argument, std::vector<Batched>{{x, xs}, {x, xs}}),
            "batch: the input 'x', float64[3], is given two batches");
  EXPECT_EQ(text(shape, right, {.axis = 2}), "batch: the batch 'xs', float64[2,3], has no axis 2");
  EXPECT_EQ(text(shape, right, {.axis = -3}),
            "batch: the batch 'xs', float64[2,3], has no axis -3");
  EXPECT_EQ(text(shape, right, {.axis = 1}),
            "batch: the batch 'xs', float64[2,3], must have the shape of 'x', float64[3], with one "
            "more axis, at position 1");
  EXPECT_EQ(text(shape, std::vector<Batched>{{x, x}}),
            "batch: the batch 'x', float64[3], must have the shape of 'x', float64[3], with one "
            "more axis, at position 0");
  const Value ints = graph.input("ints", {i64, {2, 3}}), z = graph.input("z", {f64, {}});
  EXPECT_EQ(text(type, std::vector<Batched>{{x, ints}}),
            "batch: the batch 'ints', int64[2,3], does not have the dtype of its value 'x', "
            "float64[3]");
  EXPECT_EQ(text(shape, std::vector<Batched>{{z, z}}),
            "batch: the batch 'z', float64[], has no axis 0");
  const Value zs = graph.input("zs", {f64, {4}});
  EXPECT_EQ(text(shape, std::vector<Batched>{{x, xs}, {z, zs}}),
            "batch: the batches 'xs', float64[2,3], and 'zs', float64[4], have different sizes "
            "along axis 0");
  Graph other;
  const Value far = other.input("far", {f64, {2, 3}});
  EXPECT_THROW(batch(x, {{x, far}}), GraphError);
}

}  // namespace
