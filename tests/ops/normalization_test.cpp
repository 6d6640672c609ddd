#include "dagrad/ops/normalization.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using golden::Attributes;
using test::message;
using testing::HasSubstr;
using Values = std::vector<Value>;
using In = std::span<const Value>;

BatchNormOptions batch_options(const Attributes& a) {
  return {.momentum = a.real("momentum"), .epsilon = a.real("epsilon")};
}
NormOptions options_of(const Attributes& a) {
  return {.axes = a.integer("axes"), .epsilon = a.real("epsilon")};
}

TEST(NormalizationGolden, Standardize) {
  check_golden_cases("standardize", [](const Graph&, In in, const golden::Case& golden) {
    const Attributes& a = golden.attributes;
    const Reduction over{a.integers("axes"), true};
    Values results = apply(Standardize{over, a.real("epsilon"), a.flag("centred", true)}, {in[0]});
    results.pop_back();  // the reciprocal is checked by samples and gradients
    return results;
  });
}
TEST(NormalizationGolden, ScaleShift) {
  check_golden_cases("scale_shift", [](const Graph&, In in, const golden::Case&) {
    return Values{apply(ScaleShift{}, {in[0], in[1], in[2]})};
  });
}
TEST(NormalizationGolden, Normalize) {
  check_golden_cases("normalize", [](const Graph&, In in, const golden::Case&) {
    return Values{apply(Normalize{}, {in[0], in[1], in[2], in[3]})};
  });
}
TEST(NormalizationGolden, BatchNorm) {
  check_golden_cases("batch_norm", [](const Graph&, In in, const golden::Case& golden) {
    const BatchNormOptions options = batch_options(golden.attributes);
    return Values{batch_norm(in[0], in[1], in[2], in[3], in[4], options).out};
  });
}
TEST(NormalizationGolden, BatchNormStatistics) {
  check_golden_cases("batch_norm_statistics", [](const Graph&, In in, const golden::Case& golden) {
    const auto [out, mean, variance] =
        batch_norm(in[0], in[1], in[2], in[3], in[4], batch_options(golden.attributes));
    return Values{mean, variance};
  });
}
TEST(NormalizationGolden, BatchNormInference) {
  check_golden_cases("batch_norm_inference", [](const Graph&, In in, const golden::Case& golden) {
    const double epsilon = golden.attributes.real("epsilon");
    return Values{batch_norm_inference(in[0], in[1], in[2], in[3], in[4], epsilon)};
  });
}
TEST(NormalizationGolden, LayerNorm) {
  check_golden_cases("layer_norm", [](const Graph&, In in, const golden::Case& golden) {
    const NormOptions options = options_of(golden.attributes);
    return Values{in.size() == 1 ? layer_norm(in[0], options)
                                 : layer_norm(in[0], in[1], in[2], options)};
  });
}
TEST(NormalizationGolden, RmsNorm) {
  check_golden_cases("rms_norm", [](const Graph&, In in, const golden::Case& golden) {
    const NormOptions options = options_of(golden.attributes);
    return Values{in.size() == 1 ? rms_norm(in[0], options) : rms_norm(in[0], in[1], options)};
  });
}
TEST(NormalizationGolden, GroupNorm) {
  check_golden_cases("group_norm", [](const Graph&, In in, const golden::Case& golden) {
    const std::int64_t groups = golden.attributes.integer("groups");
    const double epsilon = golden.attributes.real("epsilon");
    return Values{in.size() == 1 ? group_norm(in[0], groups, epsilon)
                                 : group_norm(in[0], groups, in[1], in[2], epsilon)};
  });
}

/// One channel of two elements, with parameters of known values.
struct Training : testing::Test {
  Graph graph;
  Value x = graph.input("x", {f64, {2, 1}});
  Value scale = graph.parameter("scale", Tensor::of({2.0}));
  Value shift = graph.parameter("shift", Tensor::of({1.0}));
  Value mean = graph.parameter("mean", Tensor::of({10.0}));
  Value variance = graph.parameter("variance", Tensor::of({20.0}));
};

TEST_F(Training, UpdatesTheListedStatistics) {
  const BatchNorm y = batch_norm(x, scale, shift, mean, variance, {.momentum = 0.5, .epsilon = 0});
  const Value loss = sum(y.out * y.out);
  const Value slope = gradient(loss, scale);
  const Function train =
      compile({y.out, mean, variance},
              {.update = {{mean, y.mean}, {variance, y.variance}, {scale, scale - 0.25 * slope}}});
  State state(graph);
  const Feeds feeds{{x, Tensor::of({{1.0}, {5.0}})}};  // mean 3, variance 4, or 8 unbiased
  const auto first = train(state, feeds);
  EXPECT_EQ(first[0].to_vector<double>(), (std::vector<double>{-1, 3}));
  EXPECT_EQ(first[1].at(0), 10) << "a fetch shows the value before the update";
  EXPECT_EQ(first[2].at(0), 20);
  EXPECT_EQ(state.get(mean).at(0), 6.5);
  EXPECT_EQ(state.get(variance).at(0), 14);
  EXPECT_EQ(state.get(scale).at(0), 0);  // 2 − ¼ · (−1 · 2 · −1 + 1 · 2 · 3)
  const auto second = train(state, feeds);
  EXPECT_EQ(second[1].at(0), 6.5);
  EXPECT_EQ(state.get(mean).at(0), 4.75);
  EXPECT_EQ(state.get(variance).at(0), 11);
}

TEST_F(Training, StoresOnlyListedUpdates) {
  const BatchNorm y = batch_norm(x, scale, shift, mean, variance);
  State state(graph);
  compile({y.out, y.mean})(state, {{x, Tensor::of({{1.0}, {5.0}})}});
  EXPECT_EQ(state.get(mean).at(0), 10);
}

TEST_F(Training, StopsGradientsOfTheStatistics) {
  const BatchNorm y = batch_norm(x, scale, shift, mean, variance);
  const auto slopes =
      gradient(sum(y.mean + y.variance), {x, mean, variance}, {.unconnected = Unconnected::zeros});
  for (const Tensor& slope : evaluate(slopes))
    for (std::int64_t i = 0; i < slope.size(); ++i) EXPECT_EQ(slope.at(i), 0);
}

TEST_F(Training, IsReplayedAtAnotherBatchSize) {
  const BatchNorm y = batch_norm(x, scale, shift, mean, variance, {.momentum = 1, .epsilon = 0});
  const auto wider = replay(graph, {{{x, {f64, {3, 1}}}}});
  const Value batch = wider.mapping(x);
  const auto got = evaluate(Values{wider.mapping(y.mean), wider.mapping(y.variance)},
                            {{batch, Tensor::of({{1.0}, {2.0}, {6.0}})}});
  EXPECT_EQ(got[0].at(0), 3);
  EXPECT_EQ(got[1].at(0), 7);
}

TEST(GroupNorm, IsReplayedAtAnotherSize) {
  Graph graph;
  Rng rng(5);
  const Value x = graph.input("x", {f64, {2, 4, 3}});
  const Value slope = gradient(sum(exp(group_norm(x, 2))), x);
  const auto other = replay(graph, {{{x, {f64, {3, 4, 5}}}}});
  const Tensor fed = rng.normal({3, 4, 5});
  const Value anew = graph.constant(fed);
  const Tensor got = evaluate(other.mapping(slope), {{other.mapping(x), fed}});
  EXPECT_TRUE(same_bits(got, evaluate(gradient(sum(exp(group_norm(anew, 2))), anew))));
}

TEST(Standardize, KeepsDigitsFarFromZero) {
  Graph graph;
  // The mean is rounded to 1e-7, and the deviation is 18.
  for (const Shape& shape : {Shape{4, 1000}, Shape{1000, 7}}) {
    const std::int64_t axis = shape[0] == 4 ? 1 : 0;
    Rng rng(1);
    const Value near = graph.constant(rng.integers(shape, 0, 64).cast(f64));
    const auto standardized = [&](const Value& x) {
      return evaluate(apply(Standardize{{{axis}}, 0}, {x})[0]);
    };
    EXPECT_TRUE(compare(standardized(near + 1e9), standardized(near), 0, 2e-8).close);
  }
}

/// Few results of many elements are divided into chunks by other code.
TEST(Standardize, TakesAnySizeAndAxes) {
  Graph graph;
  Rng rng(2);
  for (const auto& [shape, axes] : std::vector<std::pair<Shape, std::vector<std::int64_t>>>{
           {{300000}, {0}}, {{100000, 3}, {0}}, {{3, 1, 100000}, {0, 2}}, {{2, 5000}, {0}}}) {
    const Value x = graph.constant(rng.normal(shape, 3, 2));
    const auto y = apply(Standardize{{axes}, 0.5}, {x});
    const Value moment = variance(x, axes, true), centre = mean(x, axes, true);
    const Value plain = (x - centre) * rsqrt(moment + 0.5);
    EXPECT_TRUE(compare(evaluate(y[0]), evaluate(plain), 1e-12, 1e-12).close);
    EXPECT_TRUE(compare(evaluate(y[1]), evaluate(moment), 1e-12).close);
    const Value d = graph.constant(rng.normal(shape));
    const Tensor got = evaluate(gradient(y[0], x, {.seed = d}));
    EXPECT_TRUE(compare(got, evaluate(gradient(plain, x, {.seed = d})), 1e-9, 1e-10).close);
    const auto square = apply(Standardize{{axes}, 0.5, false}, {x});
    const Value root = x * rsqrt(mean(x * x, axes, true) + 0.5);
    EXPECT_TRUE(compare(evaluate(square[0]), evaluate(root), 1e-12, 1e-12).close);
    const Tensor slope = evaluate(gradient(square[0], x, {.seed = d}));
    EXPECT_TRUE(compare(slope, evaluate(gradient(root, x, {.seed = d})), 1e-9, 1e-10).close);
  }
}

TEST(Normalization, OfEqualElementsIsZero) {
  Graph graph;
  const Value x = graph.constant(Tensor::full({f64, {2, 3}}, 7));
  EXPECT_EQ(evaluate(layer_norm(x)).at(4), 0);
  EXPECT_EQ(evaluate(layer_norm(x, {.epsilon = 0})).at(4), 0);
  const Tensor slope = evaluate(gradient(sum(square(layer_norm(x))), x));
  EXPECT_EQ(slope.at(0), 0);
}

TEST(Normalization, NanStaysInItsRow) {
  Graph graph;
  const Value x = graph.constant(Tensor::of({{1.0, test::nan, 2.0}, {1.0, 2.0, 3.0}}));
  const Tensor y = evaluate(layer_norm(x));
  for (std::int64_t i = 0; i < 6; ++i) EXPECT_EQ(std::isnan(y.at(i)), i < 3);
}

struct Refusals : testing::Test {
  Graph graph;
  Value x = graph.input("x", {f64, {2, 4, 3}}), c = graph.input("c", {f64, {4}});
  Value three = graph.input("three", {f64, {3}}), narrow = graph.input("narrow", {f32, {4}});
};

TEST_F(Refusals, OfBatchNorm) {
  const auto of = [&](const Value& value) {
    return [&, value] { batch_norm(value, three, three, three, three); };
  };
  EXPECT_THAT(message<ShapeError>(of(three)), HasSubstr("batch_norm: needs x of [N, C, ...]"));
  const Value single = graph.input("single", {f64, {1, 3}});
  EXPECT_THAT(message<ShapeError>(of(single)),
              HasSubstr("needs at least two elements per channel, but x of [1,3] has 1"));
  EXPECT_NO_THROW(batch_norm_inference(single, three, three, three, three));
  EXPECT_THAT(message<ShapeError>([&] { batch_norm(x, c, three, c, c); }),
              HasSubstr("batch_norm: shift must be [4] for x of [2,4,3], got [3]"));
  EXPECT_THAT(message<ShapeError>([&] { batch_norm_inference(x, c, c, c, three); }),
              HasSubstr("batch_norm_inference: variance must be [4]"));
  EXPECT_THAT(message<TypeError>([&] { batch_norm(x, c, c, narrow, c); }),
              HasSubstr("mean must be float64 like x, got float32[4]; convert with cast"));
  EXPECT_THAT(message<ArgumentError>([&] { batch_norm(x, c, c, c, c, {.momentum = 1.5}); }),
              HasSubstr("momentum must be in [0, 1], got 1.5"));
  EXPECT_THAT(message<ArgumentError>([&] { batch_norm(x, c, c, c, c, {.epsilon = -1}); }),
              HasSubstr("epsilon must be finite and not negative, got -1"));
}

TEST_F(Refusals, OfTheOthers) {
  EXPECT_THAT(message<ShapeError>([&] {
                apply(NormalizeRows{{{1}}}, {x, c, c});
              }),
              HasSubstr("needs the last axes of [2,4,3], got [1]"));
  EXPECT_THAT(message<ShapeError>([&] { group_norm(x, 3); }),
              HasSubstr("group_norm: 3 groups do not divide the 4 channels of [2,4,3]"));
  EXPECT_THAT(message<ArgumentError>([&] { group_norm(x, 0); }),
              HasSubstr("group_norm: needs at least one group, got 0"));
  EXPECT_THAT(message<ShapeError>([&] { group_norm(x, 2, c, three); }),
              HasSubstr("group_norm: shift must be [4]"));
  EXPECT_THAT(message<ShapeError>([&] { layer_norm(x, c, c); }),
              HasSubstr("layer_norm: scale must be [3] for x of [2,4,3], got [4]"));
  EXPECT_THAT(message<ShapeError>([&] { layer_norm(c, {.axes = 2}); }),
              HasSubstr("layer_norm: x of [4] has fewer than 2 axes"));
  EXPECT_THAT(message<ArgumentError>([&] { rms_norm(x, {.axes = 0}); }),
              HasSubstr("rms_norm: needs at least one axis, got 0"));
  EXPECT_THAT(message<ArgumentError>([&] { rms_norm(x, {.epsilon = test::nan}); }),
              HasSubstr("rms_norm: epsilon must be finite"));
  const Value ints = graph.input("ints", {i64, {2, 3}});
  EXPECT_THAT(message<TypeError>([&] { layer_norm(ints); }), HasSubstr("int64"));
  const std::size_t before = graph.size();
  EXPECT_THROW(group_norm(graph.constant(Tensor({f64, {0, 4, 0}})), 2), ShapeError);
  EXPECT_EQ(graph.size(), before + 1);  // the constant
}

TEST(Unflatten, TakesAnAxisApart) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 6}});
  EXPECT_EQ(unflatten(x, -1, {3, -1}).shape(), (Shape{2, 3, 2}));
  EXPECT_EQ(unflatten(x, 0, {1, 2}).shape(), (Shape{1, 2, 6}));
  EXPECT_THAT(message<ShapeError>([&] {
                unflatten(x, 1, {4, -1});
              }),
              HasSubstr("unflatten: cannot divide axis 1 of [2,6] into [4,-1]"));
}

}  // namespace
}  // namespace dagrad
