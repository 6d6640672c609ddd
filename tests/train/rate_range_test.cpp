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

// A step multiplies w by 1 - 4 rate, so all losses are known.
TEST(RateRange, FindsWhereGradientDescentDiverges) {
  for (const bool as_input : {false, true}) {
    const RateRange range =
        Quadratic(as_input).range({.from = 1e-4, .to = 100, .steps = 200, .smoothing = 0});
    double loss = 10, least = 10;
    std::size_t lowest = 0;
    ASSERT_LT(range.losses.size(), 200U);
    for (std::size_t i = 0; i < range.losses.size(); ++i) {
      EXPECT_NEAR(range.rates[i], 1e-4 * std::pow(1e6, static_cast<double>(i) / 199), 1e-12);
      EXPECT_NEAR(range.losses[i] / loss, 1, 1e-12);
      EXPECT_EQ(i + 1 == range.losses.size(), loss > least + 30) << i;
      if (loss < least) least = loss, lowest = i;
      const double rate = static_cast<float>(range.rates[i]);  // the input's dtype
      loss *= (1 - 4 * rate) * (1 - 4 * rate);
    }
    EXPECT_TRUE(range.diverged);
    EXPECT_EQ(range.smoothed, range.losses);
    EXPECT_EQ(range.lowest, range.rates[lowest]);
    EXPECT_GT(range.lowest, 0.5);  // beyond it, each step makes the loss larger
    EXPECT_LT(range.lowest, 0.5 * 1.08);
    EXPECT_GT(range.steepest, 0.001);
    EXPECT_LT(range.steepest, 0.25);
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
  EXPECT_EQ(not_finite.losses, (std::vector{1.0, -HUGE_VAL}));
  EXPECT_EQ(not_finite.lowest, not_finite.rates[0]);
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
  EXPECT_EQ(text({.from = 0}), "rate_range: from must be finite and above 0, got 0");
  EXPECT_EQ(text({.from = 10}), "rate_range: to must be finite and above from, 10, got 10");
  EXPECT_EQ(text({.from = NAN}), "rate_range: from must be finite and above 0, got nan");
  EXPECT_EQ(text({.steps = 1}), "rate_range: steps must be at least 2, got 1");
  EXPECT_EQ(text({.smoothing = 1}), "rate_range: smoothing must be in [0, 1), got 1");
  EXPECT_EQ(text({.rise = -1}), "rate_range: rise must be at least 0, got -1");
  EXPECT_EQ(mistake<ArgumentError>(
                [&] { (void)rate_range(quadratic.train, state, quadratic.loss, none); }),
            "rate_range: the rate 'mul' is neither an input nor a parameter");
  EXPECT_EQ(
      mistake<ShapeError>([&] { (void)rate_range(quadratic.train, state, quadratic.w, none); }),
      "rate_range: the rate must be a float scalar, got float64[2]");
  EXPECT_EQ(mistake<ArgumentError>(
                [&] { (void)rate_range(quadratic.train, state, quadratic.rate, nullptr); }),
            "rate_range: the function that returns batches is empty");
  const auto range_of = [&](const Value& fetch) {
    (void)rate_range(compile({fetch}), state, quadratic.rate, none);
  };
  EXPECT_EQ(mistake<ArgumentError>([&] { range_of(quadratic.loss); }),
            "rate_range: the training step does not depend on the rate 'rate'");
  EXPECT_EQ(mistake<ShapeError>([&] { range_of(quadratic.w * cast(quadratic.rate, f64)); }),
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
