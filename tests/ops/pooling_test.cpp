#include "dagrad/ops/pooling.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

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

Pooling options_of(const golden::Attributes& a) {
  return {a.integers("window"), a.integers("stride"), a.integers("padding")};
}

TEST(PoolingGolden, Largest) {
  check_golden_cases("max_pool2d", [](const Graph&, In in, const golden::Case& golden) {
    return Values{max_pool2d(in[0], options_of(golden.attributes))};
  });
}
TEST(PoolingGolden, Mean) {
  check_golden_cases("avg_pool2d", [](const Graph&, In in, const golden::Case& golden) {
    return Values{avg_pool2d(in[0], options_of(golden.attributes))};
  });
}

struct PoolingTest : ::testing::Test {
  Graph graph;
  Rng rng{5};
  Value normal(const Shape& shape) { return graph.constant(rng.normal(shape)); }
  /// An image with one channel.
  Value picture(std::int64_t width, const std::vector<double>& elements) {
    const auto height = static_cast<std::int64_t>(elements.size()) / width;
    return graph.constant(Tensor({1, 1, height, width}, elements));
  }
  static std::vector<double> elements(const Value& x) { return elements(evaluate(x)); }
  static std::vector<double> elements(const Tensor& x) {
    std::vector<double> all;
    for (std::int64_t i = 0; i < x.size(); ++i) all.push_back(x.at(i));
    return all;
  }
};
using Elements = std::vector<double>;

TEST_F(PoolingTest, PassesTheCheckToSecondOrder) {
  const Value x = graph.parameter("x", rng.normal({2, 3, 6, 5}));
  const Pooling options{.window = {3, 2}, .stride = {2, 1}, .padding = {1, 0}};
  for (const auto pool : {max_pool2d, avg_pool2d}) {
    const Value y = sum(square(pool(x, options)));
    EXPECT_GRADIENT(y, x);
    EXPECT_GRADIENT(sum(square(gradient(y, x))), x);
  }
}

TEST_F(PoolingTest, FirstOfTiesGetsTheGradient) {
  for (const DType dtype : {f32, f64}) {
    const Value x = cast(picture(3, {2, 7, 7, 7, 7, 1}), dtype);
    const Value y = max_pool2d(x, {.window = {2}, .stride = {1}});
    EXPECT_EQ(elements(y), (Elements{7, 7}));
    EXPECT_EQ(elements(gradient(sum(y), x)), (Elements{0, 2, 0, 0, 0, 0}));
  }
  const Value zeros = picture(2, {-0.0, 0.0});
  const Value y = max_pool2d(zeros, {.window = {1, 2}});
  EXPECT_TRUE(std::signbit(evaluate(y).at(0)));
  EXPECT_EQ(elements(gradient(sum(y), zeros)), (Elements{1, 0}));
}

TEST_F(PoolingTest, FirstNanOfAWindowWins) {
  const Value x = picture(3, {infinity, nan, 2, nan, 5, 3});
  const Value y = max_pool2d(x, {.window = {2, 1}, .stride = {1}});
  const Tensor out = evaluate(y);
  EXPECT_TRUE(std::isnan(out.at(0)) && std::isnan(out.at(1)));
  EXPECT_EQ(out.at(2), 3);
  EXPECT_EQ(elements(gradient(sum(y), x)), (Elements{0, 1, 0, 1, 0, 1}));
  const Value both = picture(2, {1, nan, nan, 9});
  EXPECT_EQ(elements(gradient(sum(max_pool2d(both, {.window = {2}})), both)),
            (Elements{0, 1, 0, 0}));
}

TEST_F(PoolingTest, PaddingIsNeverChosen) {
  const Pooling options{.window = {2}, .padding = {1}};
  const Value x = picture(2, {-1, -2, -3, -4});
  EXPECT_EQ(elements(max_pool2d(x, options)), (Elements{-1, -2, -3, -4}));
  const Value least = picture(2, {-infinity, -infinity, -infinity, -infinity});
  const Value y = max_pool2d(least, options);
  EXPECT_EQ(elements(y), Elements(4, -infinity));
  EXPECT_EQ(elements(gradient(sum(y), least)), Elements(4, 1));
  const auto lowest = std::numeric_limits<std::int32_t>::min();
  const Value ints = graph.constant(Tensor::full({i32, {1, 1, 2, 2}}, lowest));
  EXPECT_EQ(elements(max_pool2d(ints, options)), Elements(4, lowest));
}

TEST_F(PoolingTest, SecondDerivativeFollowsTheChoice) {
  const Value x = picture(4, {1, 5, 5, 2}), by = graph.constant(evaluate(x));
  const Value squares = sum(square(max_pool2d(x, {.window = {1, 3}, .stride = {1}})));
  const Value slope = gradient(squares, x);
  EXPECT_EQ(elements(slope), (Elements{0, 20, 0, 0}));
  EXPECT_EQ(elements(gradient(sum(slope * by), x)), (Elements{0, 20, 0, 0}));
}

TEST_F(PoolingTest, MeansCountThePaddingAsZeros) {
  const Value x = picture(3, {4, 8, 12});
  const Value y = avg_pool2d(x, {.window = {1, 2}, .stride = {2}, .padding = {0, 1}});
  EXPECT_EQ(elements(y), (Elements{2, 10}));
  EXPECT_EQ(elements(gradient(sum(y), x)), Elements(3, 0.5));
}

TEST_F(PoolingTest, MeansOfFloatsAreSummedInDoubles) {
  const Value x = cast(picture(4, {1e8, 1, -1e8, 2}), f32);
  EXPECT_EQ(elements(avg_pool2d(x, {.window = {1, 4}})), (Elements{0.75}));
}

TEST_F(PoolingTest, NanAndInfinityStayInTheirWindows) {
  const Value x = picture(8, {nan, 1, infinity, 2, infinity, -infinity, 3, 5});
  const Tensor y = evaluate(avg_pool2d(x, {.window = {1, 2}}));
  EXPECT_TRUE(std::isnan(y.at(0)) && std::isnan(y.at(2)));
  EXPECT_EQ(y.at(1), infinity);
  EXPECT_EQ(y.at(3), 4);
}

TEST_F(PoolingTest, ARemainderIsDropped) {
  const Value x = picture(5, {1, 2, 3, 4, 9});
  const Value largest = max_pool2d(x, {.window = {1, 2}}), mean = avg_pool2d(x, {.window = {1, 2}});
  EXPECT_EQ(elements(largest), (Elements{2, 4}));
  EXPECT_EQ(elements(mean), (Elements{1.5, 3.5}));
  EXPECT_EQ(elements(gradient(sum(largest), x)), (Elements{0, 1, 0, 1, 0}));
  EXPECT_EQ(elements(gradient(sum(mean), x)), (Elements{0.5, 0.5, 0.5, 0.5, 0}));
}

TEST_F(PoolingTest, OfEmptyTensors) {
  for (const auto pool : {max_pool2d, avg_pool2d})
    for (const Shape& shape : {Shape{0, 2, 4, 4}, Shape{3, 0, 4, 4}}) {
      const Value x = normal(shape), y = pool(x, {.window = {2}});
      EXPECT_EQ(y.shape(), (Shape{shape[0], shape[1], 2, 2}));
      EXPECT_TENSOR_SAME(evaluate(gradient(sum(y), x)), Tensor({f64, shape}));
    }
}

TEST_F(PoolingTest, WindowsMayBeFarLargerThanTheInput) {
  const std::int64_t most = std::int64_t{1} << 31;
  const Pooling options{.window = {most}, .stride = {1}, .padding = {most / 2}};
  const Value x = picture(2, {3, 1, 2, 7});
  const Value largest = max_pool2d(x, options), mean = avg_pool2d(x, options);
  EXPECT_EQ(elements(largest), Elements(9, 7));
  EXPECT_EQ(elements(gradient(sum(largest), x)), (Elements{0, 0, 0, 9}));
  EXPECT_EQ(elements(mean * 0x1p62), Elements(9, 13));
  EXPECT_EQ(elements(gradient(sum(mean * 0x1p62), x)), Elements(4, 9));
}

/// Planes larger than one task and rows longer than one block.
struct Large {
  const char* name;
  Shape in;
  Pooling options;
};
std::ostream& operator<<(std::ostream& out, const Large& large) { return out << large.name; }

class LargePooling : public ::testing::TestWithParam<Large> {
 protected:
  /// Values and gradients of both poolings, followed by input and cotangent.
  std::vector<Tensor> run(DType dtype, int threads) const {
    Graph graph;
    Rng rng(3);
    const auto drawn = [&](const Shape& shape) {
      return graph.constant(rng.uniform(shape, -1, 1, f32).cast(dtype));
    };
    const Value x = drawn(GetParam().in);
    Values all{max_pool2d(x, GetParam().options), avg_pool2d(x, GetParam().options)};
    const Value d = drawn(all[0].shape());
    for (std::size_t i = 0; i < 2; ++i) all.push_back(gradient(all[i], x, {.seed = d}));
    all.insert(all.end(), {x, d});
    Runtime runtime({.threads = threads});
    return compile(all, {.threads = threads, .runtime = &runtime})();
  }
};

TEST_P(LargePooling, OfFloatsAgreesWithDoubles) {
  const auto got = run(f32, 1), want = run(f64, 1);
  EXPECT_TENSOR_SAME(got[0].cast(f64), want[0]);
  for (std::size_t i = 1; i < got.size(); ++i)
    EXPECT_TENSOR_NEAR(got[i].cast(f64), want[i], 1e-6, 1e-6) << i;
}
TEST_P(LargePooling, GivesTheSameBitsForAnyNumberOfThreads) {
  for (const DType dtype : {f32, f64}) {
    const auto one = run(dtype, 1);
    for (const int threads : {2, 3}) {
      const auto other = run(dtype, threads);
      for (std::size_t i = 0; i < one.size(); ++i) EXPECT_TENSOR_SAME(one[i], other[i]) << i;
    }
  }
}

TEST_P(LargePooling, GradientsMatchTheValues) {
  const auto product = [](const Tensor& a, const Tensor& b) {
    double all = 0;
    for (std::int64_t i = 0; i < a.size(); ++i) all += a.at(i) * b.at(i);
    return all;
  };
  const auto got = run(f64, 1);  // pooling is homogeneous, so gradient · x is the value
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_NEAR(product(got[i], got[5]), product(got[i + 2], got[4]), 1e-10) << i;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, LargePooling,
    ::testing::Values(Large{"halved", {16, 6, 28, 28}, {.window = {2}}},
                      Large{"resnet", {3, 5, 57, 64}, {{3}, {2}, {1}}},
                      Large{"wide", {2, 2, 5, 1100}, {{3, 4}, {1}, {1, 2}}},
                      Large{"sparse", {4, 3, 40, 41}, {{2, 3}, {5, 4}, {0, 1}}},
                      Large{"one_window", {7, 9, 33, 20}, {.window = {33, 20}}}),
    ::testing::PrintToStringParamName());

/// Windows that advance by one or two columns are compared with vectors where the machine has them.
TEST_F(PoolingTest, GivesTheSameBitsForAllInstructionSets) {
  struct Case {
    Shape in;
    Pooling options;
  };
  std::vector<Case> cases{
      {{2, 3, 50, 300}, {{3, 3}, {2}, {1}}},     {{2, 3, 50, 131}, {{5, 4}, {3, 1}, {2}}},
      {{1, 4, 40, 70}, {{16, 16}, {1, 2}, {8}}}, {{1, 4, 40, 70}, {{17, 3}, {2}}},
      {{1, 4, 40, 70}, {{2, 17}, {2}}},          {{2, 2, 9, 40}, {{1, 1}, {4, 2}}}};
  for (std::int64_t width = 3; width < 36; ++width)
    for (const std::int64_t stride : {1, 2})
      cases.push_back({{2, 2, 7, width}, {{3, 2 + width % 2}, {stride}, {width % 2}}});
  Runtime plain({.threads = 1, .instruction_set = InstructionSet::plain}), best({.threads = 1});
  for (const auto& [shape, options] : cases) {
    std::vector<double> all;
    for (std::int64_t i = 0; i < shape.elements(); ++i) {
      const auto drawn = static_cast<double>(rng.integers({1}, -4, 3).at(0));
      all.push_back(drawn == 1 ? -0.0 : drawn == -4 ? -infinity : drawn);
    }
    auto with_nan = all;
    with_nan.back() = with_nan[all.size() / 3] = nan;
    for (const DType dtype : {f32, f64, i32, i64})
      for (const auto& elements : {all, with_nan}) {
        const Value y = max_pool2d(graph.constant(Tensor(shape, elements).cast(dtype)), options);
        EXPECT_TRUE(
            same_bits(compile(y, {.runtime = &best})()[0], compile(y, {.runtime = &plain})()[0]))
            << name(dtype) << " " << to_string(shape);
      }
  }
}

TEST_F(PoolingTest, IsReplayedWithOtherSizes) {
  const Pooling options{.window = {3, 2}, .stride = {2}, .padding = {1}};
  for (const auto pool : {max_pool2d, avg_pool2d}) {
    Graph own;
    const auto slope_of = [&](const Value& x) {
      return gradient(sum(square(gradient(sum(square(pool(x, options))), x))), x);
    };
    const Value x = own.input("x", {f64, {1, 2, 4, 4}}), slope = slope_of(x);
    const auto larger = replay(own, {{{x, {f64, {3, 2, 5, 7}}}}});
    const Tensor fed = rng.normal({3, 2, 5, 7});
    EXPECT_TRUE(same_bits(evaluate(larger.mapping(slope), {{larger.mapping(x), fed}}),
                          evaluate(slope_of(own.constant(fed)))));
  }
}

TEST_F(PoolingTest, RefusesBadArguments) {
  const Value x = normal({2, 4, 5, 6});
  const auto refuses = [&](const Pooling& options, const std::string& why) {
    EXPECT_THAT(message<Error>([&] { max_pool2d(x, options); }), HasSubstr("max_pool2d: " + why));
    EXPECT_THAT(message<Error>([&] { avg_pool2d(x, options); }), HasSubstr("avg_pool2d: " + why));
  };
  refuses({.window = {6, 2}},
          "a window of 6 is larger than the 5 elements of spatial axis 0 of the input [2,4,5,6] "
          "with its padding");
  refuses({.window = {2, 9}, .padding = {0, 1}},
          "a window of 9 is larger than the 8 elements of spatial axis 1");
  refuses({.window = {2, 3}, .padding = {1, 2}},
          "padding must be at most half the window 3, got 2");
  refuses({.window = {2}, .padding = {-1}}, "padding must be at least 0, got -1");
  refuses({.window = {2}, .stride = {1, 0}}, "stride must be at least 1, got 0");
  refuses({.window = {0}}, "window must be at least 1, got 0");
  refuses({.window = {}}, "window needs one number, or one for each of 2 spatial axes, got []");
  refuses({.window = {2}, .stride = {std::int64_t{1} << 40}},
          "stride must be at most 2147483648, got 1099511627776");
}

TEST_F(PoolingTest, RefusesTypes) {
  const Pooling options{.window = {2}};
  const Value x = normal({2, 4, 5, 6});
  for (const auto pool : {max_pool2d, avg_pool2d}) {
    EXPECT_THAT(message<ShapeError>([&] {
                  pool(normal({4, 5, 6}), options);
                }),
                HasSubstr("needs [N, C, H, W], got [4,5,6]"));
    EXPECT_THAT(message<ShapeError>([&] {
                  pool(normal({2, 3, 0, 6}), options);
                }),
                HasSubstr("the planes of [2,3,0,6] are empty"));
    EXPECT_THAT(message<TypeError>([&] { pool(cast(x, b8), options); }), HasSubstr("bool"));
  }
  EXPECT_THAT(message<TypeError>([&] { avg_pool2d(cast(x, i32), options); }), HasSubstr("int32"));
  EXPECT_THAT(message<ShapeError>([&] {
                apply(MaxPoolGradient{options}, {normal({2, 4, 3, 3}), x});
              }),
              HasSubstr("max_pool_gradient: needs a cotangent of [2,4,2,3], got [2,4,3,3]"));
  EXPECT_THAT(message<ShapeError>([&] {
                apply(MaxPoolPick{options}, {normal({2, 4, 5, 5}), x});
              }),
              HasSubstr("max_pool_pick: needs x of [2,4,5,6], got [2,4,5,5]"));
  EXPECT_THAT(message<ShapeError>([&] {
                apply(AvgPoolGradient{options}, {normal({2, 4, 2, 2}), x});
              }),
              HasSubstr("avg_pool_gradient: needs a cotangent of [2,4,2,3], got [2,4,2,2]"));
  EXPECT_THAT(message<TypeError>([&] {
                apply(MaxPoolGradient{options}, {cast(normal({2, 4, 2, 3}), f32), x});
              }),
              HasSubstr("max_pool_gradient: "));
}

TEST(GlobalAvgPool, IsTheMeanOfEachPlane) {
  Graph graph;
  const Value x = graph.constant(
      Tensor({1, 2, 2, 3}, {1.0, 2.0, 3.0, 4.0, 5.0, 9.0, 0.0, 0.0, 0.0, 6.0, 6.0, 18.0}));
  const Tensor out = evaluate(global_avg_pool(x));
  EXPECT_EQ(out.shape(), Shape({1, 2}));
  EXPECT_EQ(out.at(0), 4);
  EXPECT_EQ(out.at(1), 5);
}

TEST(GlobalAvgPool, HasAGradient) {
  Graph graph;
  Rng rng(1);
  const Value x = graph.input("x", {f64, {2, 3, 2, 4}});
  EXPECT_GRADIENT(global_avg_pool(x), x, {{x, rng.normal({2, 3, 2, 4})}});
}

TEST(GlobalAvgPool, RefusesBadArguments) {
  Graph graph;
  const Value x = graph.input("x", {f64, {3, 4}}),
              empty = graph.input("empty", {f64, {1, 2, 0, 3}});
  EXPECT_THAT(message<ShapeError>([&] { global_avg_pool(x); }),
              HasSubstr("global_avg_pool: needs [N, C, H, W], got [3,4]"));
  EXPECT_THROW(global_avg_pool(empty), ShapeError);
}

}  // namespace
}  // namespace dagrad
