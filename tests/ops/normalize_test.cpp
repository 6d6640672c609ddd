#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "dagrad/host.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "tests/ops/support.hpp"

/// The ops of which layer, RMS and batch normalisation are made: normalize_rows and
/// normalize_channels.
namespace dagrad {
namespace {

using test::message;
using testing::HasSubstr;
using Values = std::vector<Value>;

/// layer_norm and rms_norm made of other ops.
Value from_pieces(const Value& x, const Value& scale, const Value* shift, const NormOptions& o) {
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = -o.axes; axis < 0; ++axis) axes.push_back(axis);
  const Value y = apply(Standardize{{axes}, o.epsilon, shift != nullptr}, {x})[0];
  return shift != nullptr ? apply(ScaleShift{}, {y, scale, *shift}) : y * scale;
}

TEST(NormalizeRows, AgreesWithItsPiecesOnAnyNumberOfThreads) {
  Rng rng(3);
  for (const Shape& shape : std::vector<Shape>{{1, 1}, {3, 1}, {1000, 7}, {259, 3, 43}, {5, 70000}})
    for (const DType dtype : {f32, f64})
      for (const bool centred : {true, false}) {
        Graph graph;
        const NormOptions options{.axes = shape.rank() - 1, .epsilon = 0.1};
        const Shape row(shape.dims().subspan(1));
        const auto draw = [&](const Shape& s) {
          return graph.constant(rng.normal(s, 0, 1, dtype));
        };
        const Value x = draw(shape), scale = draw(row), shift = draw(row), d = draw(shape);
        const Value y =
            centred ? layer_norm(x, scale, shift, options) : rms_norm(x, scale, options);
        const Value pieces = from_pieces(x, scale, centred ? &shift : nullptr, options);
        Values xs{x, scale}, got{y}, wanted{pieces};
        if (centred) xs.push_back(shift);
        for (const Value& slope : gradient(y, xs, {.seed = d})) got.push_back(slope);
        for (const Value& slope : gradient(pieces, xs, {.seed = d})) wanted.push_back(slope);
        const auto right = evaluate(wanted);
        const double bound = dtype == f32 ? 2e-5 : 1e-13;
        std::vector<Tensor> before;
        for (const int threads : {1, 3}) {
          Runtime runtime({.threads = threads});
          const auto now = compile(got, {.runtime = &runtime})();
          for (std::size_t i = 0; i < now.size(); ++i) {
            EXPECT_EQ(compare(now[i], right[i], bound, 10 * bound).text, "") << to_string(shape);
            EXPECT_TRUE(before.empty() || same_bits(now[i], before[i])) << i;
          }
          before = now;
        }
      }
}

/// Rows of some lengths are processed several at a time, and single ones by other code.
TEST(NormalizeRows, GiveEachRowTheBitsThatItHasAlone) {
  Rng rng(4);
  for (const DType dtype : {f32, f64})
    for (const std::int64_t n : {1,   2,   15,  16,  17,  31,   63,   64,   65,   127,
                                 128, 129, 200, 768, 999, 1007, 1008, 1009, 1024, 1025}) {
      Tensor x = rng.normal({23, n}, 0, 1);
      const auto values = x.mutate<double>();
      const auto row = [&](std::size_t i) {
        return values.subspan(i * static_cast<std::size_t>(n), static_cast<std::size_t>(n));
      };
      row(1)[static_cast<std::size_t>(n / 2)] = test::nan;
      row(2).back() = test::infinity;
      std::ranges::fill(row(3), 0.7);
      std::ranges::fill(row(4), 0);
      for (double& e : row(5)) e *= 1e30;
      for (double& e : row(6)) e *= 1e-30;
      for (double& e : row(7)) e += 1e5;
      row(8).front() = 1e12;
      for (double& e : row(9)) e *= dtype == f32 ? 1e38 : 1e300;
      std::ranges::fill(row(10), -0.0);
      const Tensor given = x.cast(dtype);
      for (const bool centred : {true, false}) {
        Graph graph;
        const Value scale = graph.constant(rng.normal({n}, 0, 1, dtype)),
                    shift = graph.constant(rng.normal({n}, 0, 1, dtype));
        const auto results = [&](const Tensor& rows) {
          const Value in = graph.constant(rows);
          const NormalizeRows op{{{1}}, 1e-5, centred};
          return evaluate(centred ? apply(op, {in, scale, shift}) : apply(op, {in, scale}));
        };
        const auto all = results(given);
        for (std::int64_t i = 0; i < 23; ++i) {
          const auto alone = results(slice(given, 0, {i, i + 1}));
          for (std::size_t k = 0; k < all.size(); ++k) {
            const Tensor there = slice(all[k], 0, {i, i + 1});
            const bool has_nan = i == 1 || i == 2 || i == 9;  // their signs may differ
            EXPECT_TRUE(has_nan ? compare(there, alone[k], 0, 0).close : same_bits(there, alone[k]))
                << name(dtype) << ", row " << i << " of " << n << ", result " << k;
          }
        }
      }
    }
}

/// The standardised rows and the reciprocal deviations are made only if something reads them.
TEST(NormalizeRows, MayLeaveOutWhatOnlyGradientsRead) {
  Rng rng(5);
  Graph graph;
  const Value x = graph.input("x", {f32, {768, 128}});
  const Value scale = graph.constant(rng.normal({128}, 0, 1, f32)), shift = scale * 0.5F;
  const Value y = layer_norm(x, scale, shift), d = graph.constant(rng.normal(x.shape(), 0, 1, f32));
  const Values slopes = gradient(y, {x, scale}, {.seed = d});
  const Tensor data = rng.normal(x.shape(), 3, 2, f32);
  const Tensor wanted = compile({y, slopes[0], slopes[1]}, {.threads = 1, .passes = {}})(data)[0];
  for (const int threads : {1, 3})
    for (const bool check : {false, true}) {
      Runtime runtime({.threads = threads});
      const CompileOptions options{.runtime = &runtime, .check_finite = check};
      const Function forward = compile(y, options);
      EXPECT_LT(forward.peak_bytes(), 2 * x.type().bytes());
      EXPECT_TRUE(same_bits(forward(data)[0], wanted));
      EXPECT_TRUE(
          same_bits(compile(exp(relu(y)), options)(data)[0], evaluate(exp(relu(y)), {{x, data}})));
      EXPECT_TRUE(same_bits(compile({slopes[0], y}, options)(data)[1], wanted));
    }
  const Tensor one = compile(slopes[1])(data)[0];
  EXPECT_TRUE(same_bits(one, compile({slopes[0], slopes[1]})(data)[1]));
  EXPECT_TRUE(same_bits(compile(slopes[0])(data)[0], compile({slopes[0], slopes[1]})(data)[0]));
}

/// In tiles, whose rows are computed by functions of their own.
TEST(NormalizeRows, AreTheSameInTiles) {
  Rng rng(6);
  Graph graph;
  const Value x = graph.input("x", {f32, {5'000, 256}});
  const Value scale = graph.constant(rng.normal({256}, 0, 1, f32));
  const Value y = exp(layer_norm(tanh(x), scale, scale)) * x;
  const Tensor data = rng.normal(x.shape(), 0, 1, f32);
  const Function tiled =
      compile(y, {.passes = {{"fuse", fuse, true}, {"tile_rows", tile_rows, true}}});
  EXPECT_NE(tiled.text().find("tiled"), std::string::npos) << tiled.text();
  EXPECT_TRUE(same_bits(tiled(data)[0], compile(y, {.passes = {}})(data)[0]));
}

/// Cotangents of 0 stay 0 beside elements that are not finite, and rows do not spoil each other.
TEST(NormalizeRows, NothingComesFromCotangentsOfZero) {
  Graph graph;
  const Value x = graph.constant(Tensor::of({{1.0, test::nan}, {test::infinity, 2.0}, {1.0, 3.0}}));
  const Value scale = graph.constant(Tensor::of({2.0, test::infinity}));
  const Value shift = graph.constant(Tensor::of({0.0, 0.0}));
  const Value d = graph.constant(Tensor::of({{0.0, 0.0}, {0.0, 0.0}, {1.0, 0.0}}));
  const Value y = layer_norm(x, scale, shift, {.epsilon = 0});
  const auto slopes = evaluate(gradient(y, {x, scale, shift}, {.seed = d}));
  EXPECT_EQ(slopes[0].to_vector<double>(), (std::vector<double>{0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(slopes[1].to_vector<double>(), (std::vector<double>{-1, 0}));
  EXPECT_EQ(slopes[2].to_vector<double>(), (std::vector<double>{1, 0}));
}

/// The results of normalize_channels for all of x [N, C, ...], made of other ops.
Values channels_from_pieces(const Value& x, const Value& scale, const Value& shift,
                            const std::vector<std::int64_t>& axes, double epsilon) {
  const auto parts = apply(Standardize{{axes}, epsilon}, {x});
  return {apply(ScaleShift{}, {parts[0], scale, shift}), parts[0], parts[1], parts[2], parts[3]};
}

TEST(NormalizeChannels, AgreesWithItsPiecesOnAnyNumberOfThreads) {
  Rng rng(7);
  for (const Shape& shape : std::vector<Shape>{{2, 1},
                                               {2, 3},
                                               {300, 700},
                                               {3, 5, 4, 4},
                                               {2, 4, 2, 2},
                                               {40, 20, 3, 2},
                                               {7, 3, 8, 8},
                                               {64, 2, 65},
                                               {32, 8, 13, 11},
                                               {2, 2, 70000},
                                               {200000, 2}})
    for (const DType dtype : {f32, f64}) {
      Graph graph;
      std::vector<std::int64_t> axes{0};
      for (int axis = 2; axis < shape.rank(); ++axis) axes.push_back(axis);
      const Shape channels = Reduction{axes, true}.reduced(shape);
      // Channels of small images are summed in another order.
      const std::int64_t image = shape.rank() == 2 ? 65 : shape.elements() / shape[0] / shape[1];
      const auto draw = [&](const Shape& s) { return graph.constant(rng.normal(s, 0, 1, dtype)); };
      const Value x = draw(shape), scale = draw(channels), shift = draw(channels), d = draw(shape);
      const Values xs{x, scale, shift};
      const auto both = [&](Values results) {
        for (const Value& slope : gradient(results[0], xs, {.seed = d})) results.push_back(slope);
        return results;
      };
      const Values got = both(apply(NormalizeChannels{{axes}, 0.1}, {x, scale, shift}));
      const auto right = evaluate(both(channels_from_pieces(x, scale, shift, axes, 0.1)));
      const double bound = dtype == f32 ? 1e-4 : 1e-12;
      std::vector<Tensor> before;
      for (const int threads : {1, 3}) {
        Runtime runtime({.threads = threads});
        const auto now = compile(got, {.runtime = &runtime})();
        for (std::size_t i = 0; i < now.size(); ++i) {
          EXPECT_EQ(compare(now[i], right[i], bound, 20 * bound).text, "")
              << to_string(shape) << ", " << i;
          EXPECT_TRUE(i > 4 || image <= 64 || same_bits(now[i], right[i]))
              << to_string(shape) << ", " << i;
          EXPECT_TRUE(before.empty() || same_bits(now[i], before[i])) << i;
        }
        before = now;
        EXPECT_TRUE(same_bits(compile(got[0], {.runtime = &runtime})()[0], now[0]))
            << "without the standardised elements";
      }
    }
}

TEST(NormalizeChannels, HaveTheSameBitsForAllInstructionSets) {
  Rng rng(8);
  for (const Shape& shape : std::vector<Shape>{{2, 9, 3, 2},
                                               {32, 9, 4, 4},
                                               {33, 9, 31},
                                               {32, 9, 8, 8},
                                               {100, 17, 6, 6},
                                               {64, 9, 64},
                                               {64, 9, 65},
                                               {3, 9, 37, 29},
                                               {90, 9},
                                               {2, 9, 70000}})
    for (const DType dtype : {f32, f64}) {
      Tensor elements = rng.normal(shape, 0, 1);
      const auto all = elements.mutate<double>();
      const std::int64_t image = shape.elements() / shape[0] / shape[1];
      for (std::int64_t i = 0; i < shape.elements(); ++i) {
        double& x = all[static_cast<std::size_t>(i)];
        const std::int64_t channel = i / image % shape[1];
        const double difficult[] = {x,         x * 1e30,
                                    x * 1e-30, x + 1e5,
                                    0.7,       i < image ? 1e12 : x,
                                    -0.0,      i == 7 * image ? test::nan : x};
        if (channel < 8) x = difficult[channel];
      }
      Graph graph;
      std::vector<std::int64_t> axes{0};
      for (int axis = 2; axis < shape.rank(); ++axis) axes.push_back(axis);
      const Shape channels = Reduction{axes, true}.reduced(shape);
      const auto draw = [&](const Shape& s) { return graph.constant(rng.normal(s, 0, 1, dtype)); };
      const Values xs{graph.constant(elements.cast(dtype)), draw(channels), draw(channels)};
      Values results = apply(NormalizeChannels{{axes}, 1e-5}, {xs[0], xs[1], xs[2]});
      for (const Value& slope : gradient(results[0], xs, {.seed = draw(shape)}))
        results.push_back(slope);
      const auto run = [&](InstructionSet set) {
        Runtime runtime({.threads = 1, .instruction_set = set});
        return compile(results, {.runtime = &runtime})();
      };
      const auto best = run(best_instruction_set()), plain = run(InstructionSet::plain);
      for (std::size_t i = 0; i < best.size(); ++i) {  // the signs of NaN may differ
        const auto bits = [&](const Tensor& x) {
          Graph g;
          const Value v = g.constant(x);
          return evaluate(where(equal(v, v), v, 0));
        };
        EXPECT_TRUE(same_bits(bits(best[i]), bits(plain[i]))) << to_string(shape) << ", " << i;
        EXPECT_TRUE(compare(best[i], plain[i], 0, 0).close) << to_string(shape) << ", " << i;
      }
    }
}

/// Channels do not spoil each other, and cotangents of 0 stay 0. Those of images, here of `copies`
/// equal pixels, are copied first.
TEST(NormalizeChannels, NothingComesFromCotangentsOfZero) {
  for (const std::int64_t copies : {1, 2}) {
    Graph graph;
    const auto image = [&](const Tensor& tensor) {
      return graph.constant(evaluate(
          broadcast_to(unsqueeze(graph.constant(tensor), 2), {tensor.shape()[0], 4, copies})));
    };
    const auto channels = [&](const Tensor& tensor) {
      return graph.constant(tensor.reshaped({1, 4, 1}));
    };
    const Value x =
        image(Tensor::of({{1.0, 1.0, test::nan, 5.0}, {3.0, 3.0, 1.0, 5.0}, {5.0, 5.0, 2.0, 5.0}}));
    const Value scale = channels(Tensor::of({2.0, test::infinity, 1.0, 3.0})),
                shift = channels(Tensor::of({0.0, 0.0, 0.0, 7.0}));
    const Value d =
        image(Tensor::of({{1.0, 0.0, 0.0, 1.0}, {0.0, 0.0, 0.0, 2.0}, {-1.0, 0.0, 0.0, 3.0}}));
    const auto y = apply(NormalizeChannels{{{0, 2}}, 0}, {x, scale, shift});
    const Tensor out = evaluate(y[0]);
    const auto slopes = evaluate(gradient(y[0], {x, scale, shift}, {.seed = d}));
    for (std::int64_t i = 0; i < out.size(); ++i) {
      const std::int64_t at = i / copies, channel = at % 4;
      EXPECT_EQ(std::isnan(out.at(i)), channel == 2 || at == 5) << i;
      if (channel == 3) {
        EXPECT_EQ(out.at(i), 7) << "equal elements become 0";
      }
      if (channel > 0) {
        EXPECT_EQ(slopes[0].at(i), 0) << i;
      }
    }
    const auto n = static_cast<double>(copies);
    EXPECT_NEAR(slopes[1].at(0), -n * std::sqrt(6.0), 1e-12);
    for (const std::int64_t channel : {1, 2, 3}) EXPECT_EQ(slopes[1].at(channel), 0) << channel;
    EXPECT_EQ(slopes[2].to_vector<double>(), (std::vector<double>{0, 0, 0, 6 * n}));
  }
}

TEST(NormalizeChannels, RefusesOtherShapes) {
  Graph graph;
  const Value x = graph.input("x", {f64, {2, 3}}), c = graph.input("c", {f64, {1, 3}}),
              row = graph.input("row", {f64, {3}}), none = graph.input("none", {f64, {0, 3}});
  EXPECT_THAT(message<ShapeError>([&] {
                apply(NormalizeChannels{{{0}}}, {x, c, row});
              }),
              HasSubstr("needs a scale and a shift of float64[1,3], got float64[1,3] and "
                        "float64[3]"));
  EXPECT_THROW(apply(NormalizeChannels{{{0}}}, {none, c, c}), ShapeError);
  EXPECT_THROW(apply(NormalizeChannels{{{0}}, -1}, {x, c, c}), ArgumentError);
  EXPECT_THAT(message<ShapeError>([&] {
                apply(NormalizeChannelsGradient{{{0}}}, {x, x, c, row});
              }),
              HasSubstr("needs a scale of float64[1,3], got float64[3]"));
}

}  // namespace
}  // namespace dagrad
