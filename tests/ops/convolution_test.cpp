#include "dagrad/ops/convolution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "dagrad/gtest.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "dagrad/rewrite.hpp"
#include "tests/ops/golden_cases.hpp"
#include "tests/ops/support.hpp"

namespace dagrad {
namespace {

using test::infinity;
using test::message;
using test::nan;
using ::testing::HasSubstr;
using Values = std::vector<Value>;
using In = std::span<const Value>;

Convolution options_of(const golden::Attributes& a) {
  return {a.integers("stride"), a.integers("padding"), a.integers("dilation"), a.integer("groups")};
}

TEST(ConvolutionGolden, OfOneAxis) {
  check_golden_cases("conv1d", [](const Graph&, In in, const golden::Case& golden) {
    const Convolution options = options_of(golden.attributes);
    return Values{in.size() == 3 ? conv1d(in[0], in[1], in[2], options)
                                 : conv1d(in[0], in[1], options)};
  });
}
TEST(ConvolutionGolden, OfTwoAxes) {
  check_golden_cases("conv2d", [](const Graph&, In in, const golden::Case& golden) {
    const Convolution options = options_of(golden.attributes);
    return Values{in.size() == 3 ? conv2d(in[0], in[1], in[2], options)
                                 : conv2d(in[0], in[1], options)};
  });
}
TEST(ConvolutionGolden, Transposed) {
  check_golden_cases("conv_transpose2d", [](const Graph&, In in, const golden::Case& golden) {
    const Convolution options = options_of(golden.attributes);
    const auto more = golden.attributes.integers("output_padding");
    return Values{in.size() == 3 ? conv_transpose2d(in[0], in[1], in[2], options, more)
                                 : conv_transpose2d(in[0], in[1], options, more)};
  });
}

struct ConvolutionTest : ::testing::Test {
  Graph graph;
  Rng rng{5};
  Value normal(const Shape& shape) { return graph.constant(rng.normal(shape)); }
};

TEST_F(ConvolutionTest, PassesTheCheckToSecondOrder) {
  const Value x = graph.parameter("x", rng.normal({2, 4, 5, 4}));
  const Value w = graph.parameter("w", rng.normal({2, 2, 3, 2}));
  const Value b = graph.parameter("b", rng.normal({2}));
  const Convolution options{.stride = {2, 1}, .padding = {1}, .groups = 2};
  const Value y = sum(square(conv2d(x, w, b, options)));
  EXPECT_GRADIENT(y, {x, w, b});
  EXPECT_GRADIENT(sum(square(gradient(y, w))), {x, w, b});
}

/// Convolutions large enough to be divided: batches with a remainder, many and few channels, images
/// of several panels and panels of several images.
struct Large {
  const char* name;
  Shape in, kernel;
  Convolution options;
};
std::ostream& operator<<(std::ostream& out, const Large& large) { return out << large.name; }

class LargeConvolution : public ::testing::TestWithParam<Large> {
 protected:
  std::vector<Tensor> run(DType dtype, int threads) const {
    Graph graph;
    Rng rng(3);
    const Large& c = GetParam();
    const auto drawn = [&](const Shape& shape) {
      return graph.constant(rng.uniform(shape, -1, 1, f32).cast(dtype));
    };
    const Value x = drawn(c.in), w = drawn(c.kernel), y = conv2d(x, w, c.options);
    Values all = gradient(y, {x, w}, {.seed = drawn(y.shape())});
    all.push_back(y);
    Runtime runtime({.threads = threads});
    return compile(all, {.threads = threads, .runtime = &runtime})();
  }
};

TEST_P(LargeConvolution, OfFloatsAgreesWithDoubles) {
  const auto got = run(f32, 1), want = run(f64, 1);
  for (std::size_t i = 0; i < got.size(); ++i) {
    double largest = 0;
    for (std::int64_t e = 0; e < want[i].size(); ++e)
      largest = std::max(largest, std::abs(want[i].at(e)));
    EXPECT_TENSOR_NEAR(got[i].cast(f64), want[i], 0, 4e-6 * largest) << i;
  }
}
TEST_P(LargeConvolution, GivesTheSameBitsForAnyNumberOfThreads) {
  for (const DType dtype : {f32, f64}) {
    const auto one = run(dtype, 1);
    for (const int threads : {2, 3}) {
      const auto other = run(dtype, threads);
      for (std::size_t i = 0; i < one.size(); ++i) EXPECT_TENSOR_SAME(one[i], other[i]) << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, LargeConvolution,
    ::testing::Values(Large{"wide", {5, 32, 16, 15}, {48, 32, 3, 3}, {.padding = {1}}},
                      Large{"strided", {3, 16, 33, 20}, {32, 16, 3, 3}, {.stride = {2}}},
                      Large{"narrow", {17, 1, 28, 28}, {6, 1, 5, 5}, {.padding = {2}}},
                      Large{"small", {37, 24, 4, 4}, {40, 24, 3, 3}, {.padding = {1}}},
                      Large{"grouped", {4, 32, 12, 12}, {32, 8, 3, 3}, {.groups = 4}},
                      Large{"by_channel", {4, 24, 20, 20}, {24, 1, 3, 3}, {.groups = 24}},
                      Large{"dilated", {2, 16, 24, 24}, {16, 16, 3, 3}, {.dilation = {3}}},
                      Large{"picture", {1, 3, 130, 90}, {16, 3, 5, 5}, {.padding = {2}}},
                      Large{"points", {3, 64, 9, 9}, {32, 64, 1, 1}, {}}),
    ::testing::PrintToStringParamName());

TEST_F(ConvolutionTest, TransposedIsTheGradientOfTheInput) {
  const Convolution options{.stride = {2, 3}, .padding = {1, 0}};
  const Value x = normal({2, 3, 6, 7}), w = normal({4, 3, 3, 2}), y = conv2d(x, w, options);
  const Value d = normal(y.shape());
  const auto got =
      evaluate(Values{conv_transpose2d(d, w, options, {1, 2}), gradient(y, x, {.seed = d})});
  EXPECT_TRUE(same_bits(got[0], got[1]));
}

TEST_F(ConvolutionTest, IsReplayedWithOtherSizes) {
  const Value x = graph.input("x", {f64, {1, 2, 4, 4}}), w = normal({2, 2, 3, 3});
  const Value b = normal({2}), y = conv2d(x, w, b, {.padding = {1}});
  const Values slopes = gradient(sum(square(y)), {x, w, b});
  const auto larger = replay(graph, {{{x, {f64, {3, 2, 5, 7}}}}});
  const Tensor fed = rng.normal({3, 2, 5, 7});
  const Value anew = graph.constant(fed);
  const Values wanted = gradient(sum(square(conv2d(anew, w, b, {.padding = {1}}))), {anew, w, b});
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_TRUE(same_bits(evaluate(larger.mapping(slopes[i]), {{larger.mapping(x), fed}}),
                          evaluate(wanted[i])));
}

TEST_F(ConvolutionTest, NanReachesAllItsOutputs) {
  Tensor in = Tensor::full({f64, {1, 1, 1, 4}}, 1);
  in.mutate<double>()[1] = nan;
  const Value ones = graph.constant(Tensor::full({f64, {1, 1, 1, 2}}, 1));
  const Tensor y = evaluate(conv2d(graph.constant(in), ones));
  EXPECT_TRUE(std::isnan(y.at(0)) && std::isnan(y.at(1)));
  EXPECT_EQ(y.at(2), 2);
}

TEST_F(ConvolutionTest, OfEmptyTensors) {
  const Value none = normal({0, 2, 4, 4}), w = normal({3, 2, 2, 2}), y = conv2d(none, w);
  EXPECT_EQ(y.shape(), (Shape{0, 3, 3, 3}));
  EXPECT_TENSOR_SAME(evaluate(gradient(sum(y), w)), Tensor({f64, {3, 2, 2, 2}}));
  const Value empty = conv2d(normal({1, 0, 4, 4}), normal({3, 0, 2, 2}));
  EXPECT_TENSOR_SAME(evaluate(empty), Tensor({f64, {1, 3, 3, 3}}));
}

TEST_F(ConvolutionTest, RefusesBadArguments) {
  const Value x = normal({2, 4, 5, 6}), w = normal({6, 4, 3, 3}), half = normal({6, 2, 3, 3});
  const auto refusal = [&](const Value& kernel, const Convolution& options) {
    return message<Error>([&] { conv2d(x, kernel, options); });
  };
  EXPECT_THAT(refusal(normal({6, 4, 4, 3}), {.dilation = {2}}),
              HasSubstr("conv2d: the kernel [6,4,4,3] spans 7 elements, but spatial axis 0 of the "
                        "input [2,4,5,6] has 5 with its padding"));
  EXPECT_THAT(refusal(half, {}), HasSubstr("conv2d: the input [2,4,5,6] in 1 groups needs a kernel "
                                           "of 4 channels, got [6,2,3,3]"));
  EXPECT_THAT(refusal(w, {.groups = 3}),
              HasSubstr("conv2d: 3 groups do not divide the 4 channels of the input [2,4,5,6]"));
  EXPECT_THAT(refusal(half, {.groups = 4}),
              HasSubstr("conv2d: 4 groups do not divide the 6 rows of the kernel [6,2,3,3]"));
  EXPECT_THAT(refusal(w, {.groups = 0}), HasSubstr("conv2d: groups must be at least 1, got 0"));
  EXPECT_THAT(refusal(w, {.stride = {0}}), HasSubstr("conv2d: stride must be at least 1, got 0"));
  EXPECT_THAT(refusal(w, {.padding = {0, -1}}),
              HasSubstr("conv2d: padding must be at least 0, got -1"));
  EXPECT_THAT(refusal(w, {.dilation = {0}}),
              HasSubstr("conv2d: dilation must be at least 1, got 0"));
  EXPECT_THAT(
      refusal(w, {.stride = {1, 2, 3}}),
      HasSubstr("conv2d: stride needs one number, or one for each of 2 spatial axes, got "));
  EXPECT_THAT(refusal(normal({6, 4, 3}), {}),
              HasSubstr("conv2d: needs input and kernel of 4 axes, got [2,4,5,6] and [6,4,3]"));
  EXPECT_THAT(message<ShapeError>([&] { conv1d(x, w); }),
              HasSubstr("conv1d: needs input and kernel of 3 axes"));
  EXPECT_THAT(message<TypeError>([&] { conv2d(x, cast(w, f32)); }),
              HasSubstr("conv2d: float64 and float32 do not mix"));
  EXPECT_THROW(conv2d(cast(x, i32), cast(w, i32)), TypeError);
  EXPECT_THROW(conv2d(x, cast(w, i32)), TypeError);
  EXPECT_THROW(conv2d(cast(x, i32), w), TypeError);
}

TEST_F(ConvolutionTest, RefusesABadBiasAndAppendsNothing) {
  const Value x = normal({2, 4, 5, 6}), w = normal({6, 4, 3, 3}), bias = normal({4});
  const std::size_t before = graph.size();
  EXPECT_THAT(message<ShapeError>([&] { conv2d(x, w, bias); }),
              HasSubstr("conv2d: needs a bias of [6], got [4]"));
  EXPECT_EQ(graph.size(), before);
}

TEST_F(ConvolutionTest, RefusesBadArgumentsTransposed) {
  const Value x = normal({2, 4, 1, 6}), w = normal({4, 3, 2, 2});
  EXPECT_THAT(message<ShapeError>([&] {
                conv_transpose2d(x, normal({3, 4, 2, 2}));
              }),
              HasSubstr("conv_transpose2d: the input [2,4,1,6] needs a kernel of 4 rows, got "
                        "[3,4,2,2]"));
  EXPECT_THAT(
      message<ShapeError>([&] { conv_transpose2d(x, w, {.padding = {2}}); }),
      HasSubstr("conv_transpose2d: the padding of spatial axis 0 leaves nothing of the result "
                "of the input [2,4,1,6] and the kernel [4,3,2,2]"));
  EXPECT_THAT(message<ArgumentError>([&] { conv_transpose2d(x, w, {.stride = {2}}, {2}); }),
              HasSubstr("conv_transpose2d: output_padding must be less than the stride 2, got 2"));
  EXPECT_THAT(message<ShapeError>([&] {
                apply(ConvKernel{}, {normal({2, 4, 5, 5}), normal({2, 3, 3, 3}), w});
              }),
              HasSubstr("conv_kernel: "));
}

}  // namespace
}  // namespace dagrad
