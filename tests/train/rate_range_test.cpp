#include "dagrad/train/rate_range.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "dagrad/csv.hpp"
#include "dagrad/gradient.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/optimizers.hpp"
#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

/// A quadratic loss with curvature 4, on which gradient descent diverges for rates beyond 1/2.
struct Quadratic {
  Graph graph;
  Value rate, w, loss;
  Function train;
  explicit Quadratic(bool as_input) {
    rate = as_input ? graph.input("rate", {f32, {}}) : graph.parameter("rate", Tensor(0.25F));
    w = graph.parameter("w", Tensor::of({1.0, -2.0}));
    loss = 2 * sum(square(w));
    train = compile(loss, {.update = sgd(w, gradient(loss, {w}), rate)});
  }
  RateRange range(const RateRangeOptions& options) const {
    return rate_range(
        train, State(graph), rate, [](std::int64_t) { return Feeds(); }, options);
  }
};

TEST(RateRange, FindsWhereGradientDescentDiverges) {
  for (const bool as_input : {false, true}) {
    const Quadratic quadratic(as_input);
    const RateRange range =
        quadratic.range({.from = 1e-4, .to = 100, .steps = 200, .smoothing = 0});
    EXPECT_TRUE(range.diverged);
    EXPECT_LT(range.rates.size(), 200U);
    EXPECT_GT(range.rates.back(), 0.5);
    EXPECT_LT(range.rates.back(), 3);  // it takes some steps to rise from almost 0
    EXPECT_GT(range.lowest, 0.1);
    EXPECT_LT(range.lowest, 0.6);
    EXPECT_GT(range.steepest, 0.001);
    EXPECT_LT(range.steepest, range.lowest);
    EXPECT_DOUBLE_EQ(range.losses[0], 10);
    EXPECT_EQ(range.smoothed, range.losses);
    EXPECT_NEAR(range.rates[1] / range.rates[0], std::pow(1e6, 1.0 / 199), 1e-12);
  }
}

TEST(RateRange, LeavesTheStateAsItIs) {
  const Quadratic quadratic(false);
  State state(quadratic.graph);
  const auto before = state.values();
  (void)rate_range(quadratic.train, state, quadratic.rate, [](std::int64_t) { return Feeds(); });
  for (const auto& [name, value] : state.values())
    EXPECT_TRUE(same_bits(value, before.at(name))) << name;
}

// In step i the moving average has the weights s^(i - j), which sum up to 1 after the correction.
TEST(RateRange, SmoothsLosses) {
  const RateRange range =
      Quadratic(false).range({.from = 1e-3, .to = 0.1, .steps = 5, .smoothing = 0.5});
  ASSERT_EQ(range.losses.size(), 5U);
  EXPECT_FALSE(range.diverged);
  EXPECT_DOUBLE_EQ(range.smoothed[0], range.losses[0]);
  EXPECT_DOUBLE_EQ(range.smoothed[1], (range.losses[0] + 2 * range.losses[1]) / 3);
  EXPECT_DOUBLE_EQ(range.rates.back(), 0.1);
}

TEST(RateRange, OfALossThatNeverFalls) {
  Graph graph;
  const Value rate = graph.parameter("rate", Tensor(1.0)), w = graph.parameter("w", Tensor(1.0));
  const auto range_of = [&](const Value& next) {
    return rate_range(compile(w, {.update = {{w, next}}}), State(graph), rate,
                      [](std::int64_t) { return Feeds(); }, {.steps = 10});
  };
  const RateRange rising = range_of(w + 1.0 + 0.0 * rate);
  EXPECT_TRUE(std::isnan(rising.steepest));
  EXPECT_EQ(rising.lowest, rising.rates[0]);
  EXPECT_EQ(rising.text().substr(0, 20), "the loss never fell;");
  const RateRange not_finite = range_of(log(w - 1.0) + 0.0 * rate);
  EXPECT_TRUE(not_finite.diverged);
  EXPECT_EQ(not_finite.rates.size(), 2U);
  const RateRange constant = range_of(identity(w) + 0.0 * rate);
  EXPECT_FALSE(constant.diverged);
  EXPECT_TRUE(std::isnan(constant.steepest));
}

TEST(RateRange, RefusesWhatDoesNotFit) {
  const Quadratic quadratic(false);
  const State state(quadratic.graph);
  const auto none = [](std::int64_t) { return Feeds(); };
  const auto text = [&](const RateRangeOptions& options) {
    return mistake<ArgumentError>(
        [&] { (void)rate_range(quadratic.train, state, quadratic.rate, none, options); });
  };
  EXPECT_EQ(text({.from = 0}), "rate_range: needs 0 < from < to, got from 0 and to 10");
  EXPECT_EQ(text({.from = 10}), "rate_range: needs 0 < from < to, got from 10 and to 10");
  EXPECT_EQ(text({.from = NAN}), "rate_range: needs 0 < from < to, got from nan and to 10");
  EXPECT_EQ(text({.steps = 1}), "rate_range: steps must be at least 2, got 1");
  EXPECT_EQ(text({.smoothing = 1}), "rate_range: smoothing must be in [0, 1), got 1");
  EXPECT_EQ(text({.rise = -1}), "rate_range: rise must be at least 0, got -1");
  EXPECT_EQ(mistake<ArgumentError>(
                [&] { (void)rate_range(quadratic.train, state, quadratic.loss, none); }),
            "rate_range: the rate 'mul' must be an input or a parameter");
  EXPECT_EQ(
      mistake<ShapeError>([&] { (void)rate_range(quadratic.train, state, quadratic.w, none); }),
      "rate_range: the rate must be a float scalar, got float64[2]");
  EXPECT_EQ(mistake<ArgumentError>(
                [&] { (void)rate_range(quadratic.train, state, quadratic.rate, nullptr); }),
            "rate_range: the function that returns batches is empty");
  EXPECT_EQ(mistake<ShapeError>(
                [&] { (void)rate_range(compile(quadratic.w), state, quadratic.rate, none); }),
            "rate_range: the first result of the training step must be its loss, a float scalar, "
            "got float64[2]");
}

class RateRangeFiles : public test::InFolder {};

TEST_F(RateRangeFiles, WritesAndDraws) {
  const RateRange range = Quadratic(false).range({.smoothing = 0.5});
  EXPECT_EQ(range.text().substr(0, 33), "the loss fell fastest at a rate o");
  range.write_csv(folder / "range.csv");
  EXPECT_EQ(read_csv(folder / "range.csv").column("smoothed").to_vector<double>(), range.smoothed);
  range.draw(folder / "range.svg");
  EXPECT_NE(test::bytes_of(folder / "range.svg").find("steepest"), std::string::npos);
  RateRange().draw(folder / "empty.svg");
  EXPECT_EQ(RateRange().text(), "no rate was tried\n");
  EXPECT_THROW(range.draw(folder / "range"), ArgumentError);
}

}  // namespace
}  // namespace dagrad
