#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/loss.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::at;
using test::infinity;
using test::message;
using test::nan;
using testing::HasSubstr;
using X = const std::vector<Value>&;
using Values = std::vector<Value>;

TEST(NnGolden, Softmax) {
  check_golden_cases("softmax", [](const Graph&, auto in, const golden::Case& golden) {
    return Values{softmax(in[0], golden.attributes.integer("axis"))};
  });
}
TEST(NnGolden, LogSoftmax) {
  check_golden_cases("log_softmax", [](const Graph&, auto in, const golden::Case& golden) {
    return Values{log_softmax(in[0], golden.attributes.integer("axis"))};
  });
}
TEST(NnGolden, OneHot) {
  check_golden_cases("one_hot", [](const Graph&, auto in, const golden::Case& golden) {
    return Values{one_hot(in[0], golden.attributes.integer("classes"))};
  });
}
TEST(LossGolden, Mse) {
  check_golden_cases(
      "mse", [](const Graph&, auto in, const golden::Case&) { return Values{mse(in[0], in[1])}; });
}
TEST(LossGolden, HalfSquaredError) {
  check_golden_cases("half_squared_error", [](const Graph&, auto in, const golden::Case&) {
    return Values{dagrad::apply(HalfSquaredError{}, {in[0], in[1]})};
  });
}
TEST(LossGolden, BinaryCrossEntropy) {
  check_golden_cases("binary_cross_entropy", [](const Graph&, auto in, const golden::Case&) {
    return Values{binary_cross_entropy(in[0], in[1])};
  });
}
TEST(LossGolden, BinaryCrossEntropyWithLogits) {
  check_golden_cases("binary_cross_entropy_with_logits",
                     [](const Graph&, auto in, const golden::Case&) {
                       return Values{binary_cross_entropy_with_logits(in[0], in[1])};
                     });
}
TEST(LossGolden, CrossEntropyOfRows) {
  check_golden_cases("cross_entropy", [](const Graph&, auto in, const golden::Case& golden) {
    const auto& a = golden.attributes;
    const double smoothing = a.has("smoothing") ? a.real("smoothing") : 0;
    return Values{dagrad::apply(CrossEntropy{smoothing}, {in[0], in[1]})};
  });
}

TEST(Softmax, SumsToOneWhateverTheLength) {
  Graph graph;
  Rng rng(3);
  // Short rows share a block, long ones are processed in pieces, and columns are strided.
  for (const auto& [shape, axis] : std::vector<std::pair<Shape, std::int64_t>>{{{1000, 3}, 1},
                                                                               {{3, 5000}, 1},
                                                                               {{5000, 3}, 0},
                                                                               {{2, 700, 5}, 1},
                                                                               {{1025}, 0},
                                                                               {{1, 1}, 0}}) {
    const Value p = softmax(graph.constant(rng.normal(shape, 0, 3)), axis);
    const Tensor sums = evaluate(sum(p, axis));
    for (std::int64_t i = 0; i < sums.size(); ++i) ASSERT_NEAR(sums.at(i), 1, 1e-12);
  }
}

TEST(Softmax, HasTheBitsOfEachRowAloneAlongAnyAxis) {
  Rng rng(5);
  for (const DType dtype : {f32, f64})
    for (const std::int64_t length : {1, 31, 63, 64, 100, 1023, 1025, 2100})
      for (const std::int64_t beside : {15, 16, 63, 65, 130}) {
        Graph graph;
        std::vector<double> numbers = rng.normal({2 * length * beside}, 0, 3).to_vector<double>();
        numbers[static_cast<std::size_t>(length * beside)] = infinity;
        numbers.back() = -infinity;
        const Value x = graph.constant(evaluate(cast(
            graph.constant(Tensor({2, length, beside}, std::span<const double>(numbers))), dtype)));
        const auto last = [](const Value& v) { return transpose(v, {0, 2, 1}); };
        for (const auto& f : {softmax, log_softmax}) {
          const std::vector<Tensor> both = evaluate({last(f(x, 1)), f(last(x), 2)});
          ASSERT_TRUE(compare(both[0], both[1], 0).close) << length << " beside " << beside;
        }
      }
}

TEST(Softmax, EqualsTheExponentialOfItsLogarithm) {
  Graph graph;
  Rng rng(4);
  const Value x = graph.constant(rng.normal({7, 300, 2}, 0, 5));
  for (const std::int64_t axis : {0, 1, 2, -1}) {
    const Tensor p = evaluate(softmax(x, axis)), q = evaluate(exp(log_softmax(x, axis)));
    EXPECT_TRUE(compare(p, q, 1e-14).close);
  }
}

TEST(Softmax, OfMinusInfinity) {
  Graph graph;
  const Value x =
      graph.constant(Tensor::of({{-infinity, 0.0, 0.0}, {-infinity, -infinity, -infinity}}));
  const Tensor p = evaluate(softmax(x));
  EXPECT_EQ(p.at(0), 0);
  EXPECT_EQ(p.at(1), 0.5);
  EXPECT_TRUE(std::isnan(p.at(3)) && std::isnan(p.at(5)));
  EXPECT_EQ(evaluate(log_softmax(x)).at(0), -infinity);
  EXPECT_TRUE(std::isnan(evaluate(log_softmax(x)).at(4)));
}

TEST(Softmax, UnusedRowsGetNoGradient) {
  // A row that is masked out completely is NaN; where() keeps that out of value and gradient.
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({{-infinity, -infinity}, {1.0, 2.0}}));
  const Value masked = where(x > -infinity, softmax(x), 0);
  const Value slope = gradient(sum(square(masked)), x);
  const Tensor got = evaluate(slope);
  EXPECT_EQ(got.at(0), 0);
  EXPECT_EQ(got.at(1), 0);
  EXPECT_LT(got.at(2), 0);
}

TEST(Softmax, GradientsHaveTheSameBitsForAllInstructionSets) {
  Rng rng(6);
  for (const auto& [shape, axis] : std::vector<std::pair<Shape, std::int64_t>>{{{5, 1000}, 1},
                                                                               {{40, 33}, 1},
                                                                               {{3, 9}, 1},
                                                                               {{4, 70, 33}, 1},
                                                                               {{2, 70000}, 1},
                                                                               {{600, 5}, 0}})
    for (const DType dtype : {f32, f64}) {
      Graph graph;
      std::vector<double> d = rng.normal(shape).to_vector<double>();
      for (std::size_t i = 0; i < d.size(); i += 3) d[i] = 0;
      std::vector<double> y = rng.uniform(shape).to_vector<double>();
      y[0] = std::numeric_limits<double>::quiet_NaN();  // meets a cotangent of 0
      const Value slope =
          apply(SoftmaxGradient{axis}, {graph.constant(Tensor(shape, d).cast(dtype)),
                                        graph.constant(Tensor(shape, y).cast(dtype))});
      const auto run = [&](InstructionSet set) {
        Runtime runtime({.threads = 1, .instruction_set = set});
        return compile(slope, {.runtime = &runtime})()[0];
      };
      const Tensor best = run(best_instruction_set()), plain = run(InstructionSet::plain);
      EXPECT_FALSE(std::isnan(plain.at(1)));
      for (std::int64_t i = 1; i < best.size(); ++i) ASSERT_EQ(best.at(i), plain.at(i)) << i;
    }
}

TEST(Softmax, RefusesWrongAxesAndDtypes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}}), s = graph.input("s", {f64, {}}),
              n = graph.input("n", {i64, {2}});
  EXPECT_THAT(message<ShapeError>([&] { softmax(x, 2); }),
              HasSubstr("softmax: axis 2 is outside [-2, 1] for rank 2"));
  EXPECT_THAT(message<ShapeError>([&] { log_softmax(s); }),
              HasSubstr("log_softmax: axis -1 does not exist: a scalar has no axes"));
  EXPECT_THAT(message<TypeError>([&] { softmax(n); }),
              HasSubstr("softmax: takes float32, float64, got int64"));
}

TEST(OneHot, RefusesIndicesOutOfRange) {
  Graph graph;
  const Value x = graph.input("x", {i32, {2, 2}});
  const Value y = one_hot(x, 3);
  EXPECT_THAT(message<RunError>([&] {
                evaluate(y, {{x, Tensor({2, 2}, {0, 1, 3, 7})}});
              }),
              HasSubstr("one_hot: index 3 at [1,0] is outside of [0, 3)"));
  EXPECT_THAT(message<RunError>([&] {
                evaluate(y, {{x, Tensor({2, 2}, {0, -1, 3, 7})}});
              }),
              HasSubstr("index -1 at [0,1]"));
  EXPECT_THAT(message<ArgumentError>([&] { one_hot(x, -1); }),
              HasSubstr("needs classes >= 0, got -1"));
  EXPECT_THAT(message<TypeError>([&] { one_hot(graph.constant(Tensor(1.0)), 3); }),
              HasSubstr("takes int32, int64"));
}

TEST(Loss, BinaryCrossEntropyAtItsEdges) {
  const test::Build bce = [](X x) { return binary_cross_entropy(x[0], x[1]); };
  EXPECT_EQ(at({0, 0}, bce).value, 0);
  EXPECT_EQ(at({1, 1}, bce).value, 0);
  EXPECT_EQ(at({0, 1}, bce).value, infinity);
  EXPECT_EQ(at({0, 0}, bce).slope[0], 1);
  EXPECT_EQ(at({1, 1}, bce).slope[0], -1);
  EXPECT_DOUBLE_EQ(at({1e-20, 0}, bce).value, 1e-20);
}

TEST(Loss, LogitsKeepTheirDigits) {
  const test::Build bce = [](X x) { return binary_cross_entropy_with_logits(x[0], x[1]); };
  EXPECT_EQ(at({0, 0.3}, bce).slope[0], 0.2);
  EXPECT_EQ(at({0, 0.3}, bce).slope[1], 0);
  EXPECT_EQ(at({800, 1}, bce).value, 0);
  EXPECT_EQ(at({-800, 1}, bce).value, 800);
  const auto second = at({0, 0.3}, [&](X x) { return gradient(bce(x), x[0]); });
  EXPECT_EQ(second.slope[0], 0.25);
}

TEST(Loss, CrossEntropyIsTheMeanOverRows) {
  Graph graph;
  const Value logits = graph.input("logits", {f64, {2, 3}}),
              targets = graph.input("targets", {i64, {2}});
  const Value loss = cross_entropy(logits, targets);
  EXPECT_EQ(loss.shape(), Shape{});
  const Feeds feeds{{logits, Tensor(logits.type())},
                    {targets, Tensor({2}, {std::int64_t{0}, std::int64_t{2}})}};
  EXPECT_DOUBLE_EQ(evaluate(loss, feeds).item<double>(), std::log(3));
  const Tensor slope = evaluate(gradient(loss, logits), feeds);
  EXPECT_TRUE(
      compare(slope, Tensor({2, 3}, {-1 / 3., 1 / 6., 1 / 6., 1 / 6., 1 / 6., -1 / 3.}), 1e-15)
          .close);
}

TEST(Loss, CrossEntropyOfIndicesAndOfTheirOneHotsAgreeToSecondOrder) {
  Graph graph;
  Rng rng(5);
  const Value logits = graph.constant(rng.normal({3, 4})), v = graph.constant(rng.normal({3, 4}));
  const Value indices = graph.constant(rng.integers({3}, 0, 4));
  std::vector<Tensor> results[2];
  for (const bool hot : {false, true}) {
    const Value loss = cross_entropy(logits, hot ? one_hot(indices, 4) : indices);
    const Value slope = gradient(loss, logits);
    results[hot] = evaluate(Values{loss, slope, gradient(sum(slope * v), logits)});
  }
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(compare(results[0][i], results[1][i], 1e-13, 1e-16).close) << i;
}

TEST(Loss, CrossEntropyIgnoresAnImpossibleClassThatIsNotTheTarget) {
  Graph graph;
  const Value logits = graph.constant(Tensor::of({{-infinity, 0.0}}));
  const Value p = graph.constant(Tensor::of({{0.0, 1.0}}));
  EXPECT_EQ(evaluate(cross_entropy(logits, p)).item<double>(), 0);
  EXPECT_EQ(evaluate(gradient(cross_entropy(logits, p), logits)).at(0), 0);
}

TEST(Loss, RefusedLossesAppendNothing) {
  Graph graph;
  const Value logits = graph.input("logits", {f64, {0, 3}}), x = graph.input("x", {i32, {2}});
  const Value none = graph.input("none", {i64, {0}});
  EXPECT_THROW(cross_entropy(logits, none), ShapeError);  // the mean of no rows
  EXPECT_THROW(mse(x, x), TypeError);
  EXPECT_THROW(stack({x, none}, 0), Error);
  EXPECT_TRUE(unstack(none).empty());
  EXPECT_THROW(matmul(x, logits), ShapeError);
  EXPECT_EQ(graph.size(), 3U);
}

TEST(Loss, CrossEntropyRefusesBadArguments) {
  Graph graph;
  const auto input = [&](DType dtype, const Shape& shape) {
    return graph.input("in" + std::to_string(graph.size()), {dtype, shape});
  };
  const Value logits = input(f64, {2, 3});
  EXPECT_THAT(message<ShapeError>([&] { cross_entropy(logits, input(i64, {3})); }),
              HasSubstr("cross_entropy: logits [2,3] need indices [2], got [3]\n"));
  EXPECT_THAT(message<ShapeError>([&] {
                cross_entropy(logits, input(i64, {2, 1}));
              }),
              HasSubstr("logits [2,3] need indices [2], got [2,1]; reshape the targets to [2]\n"));
  EXPECT_THAT(message<ShapeError>([&] {
                cross_entropy(logits, input(i32, {2, 3}));
              }),
              HasSubstr("logits [2,3] need indices [2], got [2,3]; convert one-hot targets to "
                        "float64 with cast, which makes them probabilities\n"));
  EXPECT_THAT(message<TypeError>([&] { cross_entropy(logits, input(f64, {2})); }),
              HasSubstr("class labels must be integers, int32 or int64, got float64[2]"));
  EXPECT_THAT(message<ShapeError>([&] {
                cross_entropy(logits, input(f64, {2, 2}));
              }),
              HasSubstr("logits [2,3] need probabilities [2,3], got [2,2]"));
  EXPECT_THAT(message<TypeError>([&] {
                cross_entropy(logits, input(f32, {2, 3}));
              }),
              HasSubstr("got float32[2,3]"));
  EXPECT_THAT(message<TypeError>([&] {
                cross_entropy(input(i64, {2, 3}), input(i64, {2}));
              }),
              HasSubstr("logits must be float32 or float64, got int64[2,3]"));
  EXPECT_THAT(message<ShapeError>([&] { cross_entropy(input(f64, {}), input(i64, {})); }),
              HasSubstr("got []"));
  EXPECT_THAT(message<ShapeError>([&] {
                cross_entropy(input(f64, {2, 0}), input(i64, {2}));
              }),
              HasSubstr("got [2,0]"));
  EXPECT_THROW(cross_entropy(input(f64, {0, 3}), input(i64, {0})), ShapeError);
  const Value targets = input(i64, {2});
  EXPECT_THAT(message<RunError>([&] {
                evaluate(cross_entropy(logits, targets),
                         {{logits, Tensor(logits.type())},
                          {targets, Tensor({2}, {std::int64_t{0}, std::int64_t{3}})}});
              }),
              HasSubstr("cross_entropy: index 3 at [1] is outside of [0, 3)"));
}

}  // namespace
}  // namespace dagrad
