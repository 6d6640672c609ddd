#include <gtest/gtest.h>

#include <cmath>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "tests/check/random_graphs.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

/// Values at the given feeds.
std::vector<Tensor> at(const std::vector<Value>& values, const Feeds& feeds = {}) {
  return compile(values)(feeds);
}

struct Refuses {
  static constexpr auto name = "refuses";
  static constexpr no_grad grad{"a test says so"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {}
};

class Products : public ::testing::Test {
 protected:
  Graph graph;
  Value x = graph.constant({1.0, 2.0, 3.0});
  Value v = graph.constant({0.5, -1.0, 2.0});
};

TEST_F(Products, VjpIsTheSeededGradient) {
  const Value y = exp(x) * x;
  EXPECT_TENSOR_SAME(at({vjp(y, x, v)})[0], at({gradient(y, x, {.seed = v})})[0]);
  const auto both = vjp({y, sin(x)}, {x}, {v, v});
  EXPECT_EQ(both.size(), 1U);
}

TEST_F(Products, JvpOfElementwiseOps) {
  const auto found = at({jvp(exp(x) * x, x, v)})[0];
  for (int i = 0; i < 3; ++i) {
    const double at = i + 1, along = i == 0 ? 0.5 : i == 1 ? -1 : 2;
    EXPECT_NEAR(found.at(i), along * std::exp(at) * (1 + at), 1e-12 * std::exp(at) * 10);
  }
}

TEST_F(Products, JvpSumsOverXs) {
  const Value a = graph.constant({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  const Value da = graph.constant({{1.0, 0.0, 1.0}, {0.0, 2.0, 0.0}});
  const auto ys = jvp({matmul(a, x), sum(a), x}, {a, x}, {da, v});
  const auto found = at(ys);
  EXPECT_TENSOR_NEAR(found[0], Tensor::of({1 + 3 + 0.5 - 2 + 6, 4 + 2.0 - 5 + 12}), 1e-14);
  EXPECT_EQ(found[1].item<double>(), 4);
  EXPECT_TENSOR_NEAR(found[2], Tensor::of({0.5, -1.0, 2.0}), 1e-14);
}

TEST_F(Products, TangentsHaveTheShapesOfBroadcastResults) {
  const Value wide = graph.constant({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  for (const Value& y : {x + wide, wide - x, x * wide, maximum(x, wide)}) {
    const Value tangent = jvp(y, x, v);
    EXPECT_EQ(tangent.type(), y.type()) << y;
    EXPECT_EQ(jvp(y, wide, wide).type(), y.type()) << y;
  }
  EXPECT_TENSOR_NEAR(at({jvp(x + wide, x, v)})[0], Tensor::of({{0.5, -1.0, 2.0}, {0.5, -1.0, 2.0}}),
                     1e-14);
}

TEST_F(Products, AnXOnTheWayCountsForItself) {
  const Value inner = square(x), y = inner * 3.0;
  const auto both = jvp({y}, {x, inner}, {v, v});
  EXPECT_TENSOR_NEAR(at(both)[0], Tensor::of({3.0 + 1.5, -12.0 - 3.0, 36.0 + 6.0}), 1e-14);
  const auto twice = jvp({y}, {x, x}, {v, v});
  EXPECT_TENSOR_NEAR(at(twice)[0], Tensor::of({6.0, -24.0, 72.0}), 1e-14);
}

TEST_F(Products, OnlyWhatLeadsToAYIsDifferentiated) {
  apply(Refuses{}, {exp(x)});
  EXPECT_NO_THROW(jvp(exp(x), x, v));
  const std::size_t size = graph.size();
  EXPECT_THROW(jvp(apply(Refuses{}, {exp(x)}), x, v), GradientError);
  EXPECT_EQ(graph.size(), size + 2);
}

TEST_F(Products, OfConnectedButFlatFunctionsAreZeros) {
  EXPECT_TENSOR_NEAR(at({jvp(floor(x), x, v)})[0], Tensor::of({0.0, 0.0, 0.0}), 1e-14);
  EXPECT_TENSOR_NEAR(at({jvp(stop_gradient(x), x, v)})[0], Tensor::of({0.0, 0.0, 0.0}), 1e-14);
  EXPECT_TENSOR_NEAR(at({jvp(x, x, v)})[0], Tensor::of({0.5, -1.0, 2.0}), 1e-14);
}

TEST_F(Products, TheDummyCotangentIsNeverComputed) {
  const Value w = graph.constant({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}, {1.0, 0.0, 2.0}});
  const Value y = softmax(matmul(w, x)), tangent = jvp(y, x, v);
  std::vector<Node> needed{tangent.node()};  // by more than its type
  for (std::size_t i = 0; i < needed.size(); ++i) {
    EXPECT_NE(needed[i].op().name(), "full_like");
    const std::vector<Value> operands = needed[i].operands();
    for (std::size_t k = 0; k < operands.size(); ++k)
      if (!needed[i].type_only(k)) needed.push_back(operands[k].node());
  }
  EXPECT_GT(needed.size(), 5U);
}

TEST_F(Products, CanBeDifferentiatedAgain) {
  const Value y = sum(sin(x) * x), third = jvp(jvp(jvp(y, x, v), x, v), x, v);
  EXPECT_EQ(jvp(y, x, v).node().gradient_order(), 1);
  double expected = 0;
  for (int i = 0; i < 3; ++i) {
    const double at = i + 1, along = i == 0 ? 0.5 : i == 1 ? -1 : 2;
    expected += along * along * along * (-3 * std::sin(at) - at * std::cos(at));
  }
  EXPECT_NEAR(at({third})[0].item<double>(), expected, 1e-12);
}

TEST_F(Products, HvpIsTheHessianTimesADirection) {
  const Value y = prod(x);  // Hessian: 0 3 2, 3 0 1, 2 1 0
  EXPECT_TENSOR_NEAR(at({hvp(y, x, v)})[0], Tensor::of({-3 + 4.0, 1.5 + 2, 1 - 1.0}), 1e-14);
  EXPECT_TENSOR_NEAR(at({hvp(sum(x), x, v)})[0], Tensor::of({0.0, 0.0, 0.0}), 1e-14);
  const Value a = graph.constant(2.0), b = graph.constant(3.0);
  const auto both = hvp(a * a * b, {a, b}, {graph.constant(1.0), graph.constant(10.0)});
  EXPECT_EQ(at(both)[0].item<double>(), 2 * 3 + 10 * 4);
  EXPECT_EQ(at(both)[1].item<double>(), 4);
}

TEST_F(Products, ValueAndGradientStandTogether) {
  const Value y = sum(square(x));
  const auto found = at(value_and_gradient(y, {x, v}, Unconnected::zeros));
  EXPECT_EQ(found[0].item<double>(), 14);
  EXPECT_TENSOR_NEAR(found[1], Tensor::of({2.0, 4.0, 6.0}), 1e-14);
  EXPECT_TENSOR_NEAR(found[2], Tensor::of({0.0, 0.0, 0.0}), 1e-14);
}

TEST_F(Products, KnowTheirForwardNode) {
  const Value y = exp(matmul(diag(x), x)).named("e");
  const std::size_t before = graph.size();
  jvp(y, x, v);
  for (auto id = static_cast<std::uint32_t>(before); id < graph.size(); ++id) {
    EXPECT_EQ(graph.node(id).gradient_order(), 1) << graph.node(id);
    EXPECT_TRUE(graph.node(id).provenance()) << graph.node(id);
  }
}

TEST_F(Products, MistakesAreExplained) {
  const Value y = exp(x).named("y"), s = graph.input("s", {f64, {}}),
              narrow = graph.input("narrow", {f32, {3}}), n = graph.input("n", {i64, {3}});
  const std::vector<Value> none;
  x.named("x");
  const std::size_t before = graph.size();
  EXPECT_EQ(mistake<ArgumentError>([&] { jvp({y}, {x}, none); }),
            "jvp: takes one tangent for each x: got 0 for 1");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              vjp({y}, {x}, {x, x});
            }),
            "vjp: takes one cotangent for each y: got 2 for 1");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              hvp(s, {x}, {x, x});
            }),
            "hvp: takes one direction for each x: got 2 for 1");
  EXPECT_EQ(mistake<GradientError>([&] { jvp(y, x, s); }),
            "jvp: the tangent 's', float64[], does not have the type of x 'x', float64[3]");
  EXPECT_EQ(mistake<GradientError>([&] { jvp(y, x, narrow); }),
            "jvp: the tangent 'narrow', float32[3], does not have the type of x 'x', float64[3]");
  EXPECT_EQ(mistake<GradientError>([&] { vjp(y, x, s); }),
            "vjp: the seed 's', float64[], does not have the type of y 'y', float64[3]");
  EXPECT_EQ(mistake<GradientError>([&] { jvp(y, n, n); }),
            "jvp: x 'n', int64[3], is not a float: only floats have gradients");
  EXPECT_EQ(mistake<GradientError>([&] { jvp(y, s, s); }),
            "jvp: y 'y' does not depend on x 's': no path connects them; with Unconnected::zeros, "
            "the product is zeros");
  EXPECT_EQ(mistake<ArgumentError>([&] { jvp({y}, none, none); }), "jvp: needs at least one x");
  EXPECT_EQ(mistake<ArgumentError>([&] { jvp(none, {x}, {x}); }), "jvp: needs at least one y");
  EXPECT_EQ(mistake<GradientError>([&] { hvp(y, x, x); }),
            "hvp: y 'y', float64[3], is not a scalar: give a seed of its type, or take the "
            "gradient of its sum");
  Graph other;
  const Value elsewhere = other.constant({1.0, 2.0, 3.0});
  EXPECT_THROW(jvp(y, x, elsewhere), GraphError);
  EXPECT_THROW(jvp(y, elsewhere, elsewhere), GraphError);
  EXPECT_EQ(mistake<ArgumentError>([&] { jvp({y}, {x}, {}); }),
            "jvp: the tangent of x 'x', float64[3], is an empty Value, as which {} is read too");
  EXPECT_EQ(mistake<ArgumentError>([&] { vjp(y, x, Value()); }),
            "vjp: the cotangent of y 'y', float64[3], is an empty Value, as which {} is read too");
  EXPECT_EQ(mistake<ArgumentError>([&] { hvp(s, x, {}); }),
            "hvp: the direction of x 'x', float64[3], is an empty Value, as which {} is read too");
  EXPECT_THROW(jvp(Value(), x, x), GraphError);
  EXPECT_THROW(vjp(Value(), x, x), GraphError);
  EXPECT_THROW(jvp(y, Value(), x), GraphError);
  EXPECT_EQ(graph.size(), before);
}

/// An op that brings its own tangents; the fault is what they are multiplied by.
struct Cubed {
  double fault = 1;
  using attributes = dagrad::attributes<&Cubed::fault>;
  static constexpr auto name = "cubed";
  template <class T>
  T operator()(T x) const {
    return x * x * x;
  }
  Grads jvp(const JvpContext& c) const {
    return {3 * square(c.in[0]) * *c.tangents[0].value() * fault};
  }
};

TEST_F(Products, AnOpMayBringItsOwn) {
  const Value y = apply(Cubed{}, {x}), tangent = jvp(y, x, v);
  EXPECT_EQ(tangent.node().op().name(), "mul");
  EXPECT_TENSOR_NEAR(at({tangent})[0], Tensor::of({1.5, -12.0, 54.0}), 1e-14);
  EXPECT_TRUE(check_op(Cubed{}).passed()) << check_op(Cubed{}).text();
  EXPECT_NE(check_op(Cubed{1.01}).text().find("its tangents contradict its gradient"),
            std::string::npos);
}

TEST(RandomGraphs, TangentsAgreeWithGradients) {
  for (const DType dtype : {f64, f32})
    for (int seed = 0; seed < 60; ++seed) {
      const tests::RandomGraph random = tests::random_graph(seed, {}, dtype);
      std::vector<Value> tangents;
      for (const Value& x : random.xs) tangents.push_back(ones_like(x));
      const auto product = jvp({random.y}, random.xs, tangents, Unconnected::zeros);
      const auto slopes = gradient(sum(random.y), random.xs, {.unconnected = Unconnected::zeros});
      std::vector<Value> values{sum(product[0])};
      for (const Value& slope : slopes) values.push_back(sum(slope));
      const std::vector<Tensor> found = at(values, random.feeds);
      double total = 0, size = 0;
      for (std::size_t i = 1; i < found.size(); ++i) total += found[i].at(0);
      for (std::size_t i = 1; i < found.size(); ++i) size += std::abs(found[i].at(0));
      EXPECT_NEAR(found[0].at(0), total, (dtype == f64 ? 1e-9 : 1e-2) * (size + 1)) << seed;
    }
}

}  // namespace
}  // namespace dagrad
