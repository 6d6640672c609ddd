#include "dagrad/ops/loss.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using test::at;
using test::infinity;
using test::message;
using testing::HasSubstr;
using Values = std::vector<Value>;
using X = const std::vector<Value>&;

TEST(LossGolden, Huber) {
  check_golden_cases("huber", [](const Graph&, auto in, const golden::Case& golden) {
    return Values{dagrad::apply(Huber{golden.attributes.real("delta")}, {in[0], in[1]})};
  });
}
TEST(LossGolden, Hinge) {
  check_golden_cases("hinge", [](const Graph&, auto in, const golden::Case&) {
    return Values{dagrad::apply(Hinge{}, {in[0], in[1]})};
  });
}
TEST(LossGolden, KlDivergence) {
  check_golden_cases("kl_divergence", [](const Graph&, auto in, const golden::Case&) {
    return Values{dagrad::apply(KlDivergence{}, {in[0], in[1]})};
  });
}
TEST(LossGolden, NllOfRows) {
  check_golden_cases("nll", [](const Graph&, auto in, const golden::Case&) {
    return Values{dagrad::apply(NegativeLogLikelihood{}, {in[0], in[1]})};
  });
}

TEST(Loss, HuberAndHingeAtTheirKinks) {
  const test::Build robust = [](X x) { return huber(x[0], 0, 2); };
  const auto curvature = [&](double x) {
    return at({x}, [&](X v) { return gradient(robust(v), v[0]); }).slope[0];
  };
  EXPECT_EQ(at({2}, robust).value, 2);
  EXPECT_EQ(at({2}, robust).slope[0], 2);
  EXPECT_EQ(curvature(2), 1);  // the quadratic branch
  EXPECT_EQ(curvature(2.5), 0);
  const test::Build margin = [](X x) { return hinge(x[0], x[1]); };
  EXPECT_EQ(at({1, 1}, margin).slope[0], 0);
  EXPECT_EQ(at({0.5, 1}, margin).slope[0], -1);
  EXPECT_EQ(at({-0.5, -1}, margin).slope[0], 1);
}

TEST(Loss, KlDivergenceFromItselfIsZero) {
  Graph graph;
  Rng rng(3);
  const Value logits = graph.constant(rng.normal({4, 5}));
  const Value rows = sum(kl_divergence(log_softmax(logits), softmax(logits)), -1);
  const Tensor got = evaluate(rows);
  for (std::int64_t i = 0; i < 4; ++i) EXPECT_NEAR(got.at(i), 0, 1e-15);
}

TEST(Loss, NllOfLogSoftmaxIsCrossEntropyToSecondOrder) {
  Graph graph;
  Rng rng(4);
  const Value logits = graph.constant(rng.normal({3, 4})), v = graph.constant(rng.normal({3, 4}));
  const Value targets = graph.constant(rng.integers({3}, 0, 4));
  std::vector<Tensor> results[2];
  for (const bool composed : {false, true}) {
    const Value loss =
        composed ? nll(log_softmax(logits), targets) : cross_entropy(logits, targets);
    const Value slope = gradient(loss, logits);
    results[composed] = evaluate(Values{loss, slope, gradient(sum(slope * v), logits)});
  }
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(compare(results[0][i], results[1][i], 1e-13, 1e-15).close) << i;
}

TEST(Loss, SmoothedCrossEntropyOfIndicesAndOfTheirOneHotsAgree) {
  Graph graph;
  Rng rng(5);
  const Value logits = graph.constant(rng.normal({3, 4})), v = graph.constant(rng.normal({3, 4}));
  const Value indices = graph.constant(rng.integers({3}, 0, 4));
  std::vector<Tensor> results[2];
  for (const bool hot : {false, true}) {
    const Value loss = cross_entropy(logits, hot ? one_hot(indices, 4) : indices, 0.2);
    const Value slope = gradient(loss, logits);
    results[hot] = evaluate(Values{loss, slope, gradient(sum(slope * v), logits)});
  }
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(compare(results[0][i], results[1][i], 1e-13, 1e-15).close) << i;
}

TEST(Loss, RefusesBadArguments) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}}), i = graph.input("i", {i64, {2}});
  const std::size_t before = graph.size();
  for (const double smoothing : {-0.1, 1.0, test::nan})
    EXPECT_THAT(message<ArgumentError>([&] { cross_entropy(x, i, smoothing); }),
                HasSubstr("cross_entropy: smoothing must be in [0, 1), got "));
  for (const double delta : {0.0, -1.0, infinity, test::nan})
    EXPECT_THAT(message<ArgumentError>([&] { huber(x, x, delta); }),
                HasSubstr("huber: needs a positive and finite delta, got "));
  EXPECT_THAT(message<TypeError>([&] { huber(i, i); }),
              HasSubstr("huber: takes float16, bfloat16, float32, float64"));
  EXPECT_THAT(message<TypeError>([&] { nll(x, x); }),
              HasSubstr("nll: class labels must be integers, int32 or int64, got float64[2,3]"));
  EXPECT_THAT(message<TypeError>([&] { nll(i, i); }),
              HasSubstr("log-probabilities must be float32 or float64, got int64[2]"));
  EXPECT_EQ(graph.size(), before);
  const Value wrong = graph.input("wrong", {i64, {3}});
  EXPECT_THAT(message<ShapeError>([&] { nll(x, wrong); }),
              HasSubstr("nll: log-probabilities [2,3] need indices [2], got [3]"));
  EXPECT_THAT(message<RunError>([&] {
                evaluate(nll(x, i), {{x, Tensor(x.type())},
                                     {i, Tensor({2}, {std::int64_t{0}, std::int64_t{3}})}});
              }),
              HasSubstr("nll: index 3 at [1] is outside of [0, 3)"));
}

/// The losses of single elements and their mean, under the names that errors show.
const std::pair<const char*, Value (*)(const Operand&, const Operand&)> elementwise_losses[] = {
    {"mse", mse},
    {"half_squared_error", half_squared_error},
    {"binary_cross_entropy", binary_cross_entropy},
    {"binary_cross_entropy_with_logits", binary_cross_entropy_with_logits},
    {"huber", [](const Operand& p, const Operand& t) { return huber(p, t); }},
    {"hinge", hinge},
    {"kl_divergence", kl_divergence}};

TEST(Loss, RefusesShapesThatWouldBroadcast) {
  Graph graph;
  const Value column = graph.input("column", {f64, {32, 1}}), row = graph.input("row", {f64, {32}}),
              wide = graph.input("wide", {f64, {32, 5}}), other = graph.input("other", {f64, {7}});
  for (const auto& [name, loss] : elementwise_losses) {
    const std::string start =
        std::string(name) + ": prediction and target must have the same shape, ";
    const std::size_t nodes = graph.size();
    EXPECT_THROWS_HERE(loss(column, row), ShapeError,
                       start + "got [32,1] and [32]; reshape the target to [32,1]");
    EXPECT_THROWS_HERE(loss(column, wide), ShapeError,
                       start +
                           "got [32,1] and [32,5]; if the prediction is meant to repeat, use "
                           "broadcast_to");
    EXPECT_THROWS_HERE(loss(wide, column), ShapeError,
                       start +
                           "got [32,5] and [32,1]; if the target is meant to repeat, use "
                           "broadcast_to");
    EXPECT_THROWS_HERE(loss(wide, other), ShapeError, start + "got [32,5] and [7]");
    EXPECT_EQ(graph.size(), nodes);
  }
}

TEST(Loss, TakesAScalarOnEitherSide) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3, 2}}), scalar = graph.input("scalar", {f64, {}});
  for (const auto& [name, loss] : elementwise_losses) {
    const Shape wanted = std::string(name) == "mse" ? Shape{} : Shape{3, 2};
    EXPECT_EQ(loss(x, x).shape(), wanted) << name;
    EXPECT_EQ(loss(x, scalar).shape(), wanted) << name;
    EXPECT_EQ(loss(scalar, x).shape(), wanted) << name;
    EXPECT_EQ(loss(x, 1).shape(), wanted) << name;
  }
}

TEST(Loss, NamesIntegerLabelsWhereClassesAreFloats) {
  Graph graph;
  const Value logits = graph.input("logits", {f32, {32, 10}}),
              labels = graph.input("labels", {f32, {32}}), wide = graph.input("wide", {f64, {32}});
  EXPECT_THAT(message<TypeError>([&] { cross_entropy(logits, labels); }),
              HasSubstr("cross_entropy: class labels must be integers, int32 or int64, got "
                        "float32[32]; convert with cast(targets, i64), or give a probability for "
                        "each class, float32[32,10]"));
  EXPECT_THAT(message<TypeError>([&] { cross_entropy(logits, wide); }),
              HasSubstr("class labels must be integers, int32 or int64, got float64[32]"));
  EXPECT_THAT(
      message<TypeError>([&] { nll(logits, labels); }),
      HasSubstr("nll: class labels must be integers, int32 or int64, got float32[32]; convert "
                "with cast(targets, i64)"));
}

}  // namespace
}  // namespace dagrad
