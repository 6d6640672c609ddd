#include "dagrad/train/schedules.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using Numbers = std::vector<double>;

class SchedulesTest : public testing::Test {
 protected:
  Graph g;
  const Value t = g.input("t", {i64, {}});

  void expect(const Value& rate, const std::vector<std::int64_t>& steps, const Numbers& rates) {
    EXPECT_EQ(rate.type(), (Type{f64, {}}));
    const Function f = compile(rate);
    for (std::size_t i = 0; i < steps.size(); ++i)
      EXPECT_NEAR(f(Tensor(steps[i]))[0].item<double>(), rates[i], 1e-15) << "step " << steps[i];
  }
};

TEST_F(SchedulesTest, StepFallsByAFactorAtATime) {
  expect(schedules::step(t, 0.8, 0.5, 10), {-3, 0, 9, 10, 19, 20, 35},
         {0.8, 0.8, 0.8, 0.4, 0.4, 0.2, 0.1});
  expect(schedules::step(t, 0.8, 1, 1), {0, 100}, {0.8, 0.8});
}

TEST_F(SchedulesTest, ExponentialFallsSmoothly) {
  expect(schedules::exponential(t, 0.8, 0.5), {-1, 0, 1, 2, 10}, {0.8, 0.8, 0.4, 0.2, 0.00078125});
  expect(schedules::exponential(t, 1, 0.25, 10), {5, 10, 15}, {0.5, 0.25, 0.125});
  expect(schedules::exponential(t, 0, 0.5), {0, 7}, {0, 0});
}

TEST_F(SchedulesTest, CosineEndsAtItsEnd) {
  expect(schedules::cosine(t, 0.1, 12), {-1, 0, 3, 4, 6, 8, 12, 13, 1000000},
         {0.1, 0.1, 0.1 * (1 + std::sqrt(0.5)) / 2, 0.075, 0.05, 0.025, 0, 0, 0});
  expect(schedules::cosine(t, 1, 1, 0.5), {0, 1}, {1, 0.5});
}

TEST_F(SchedulesTest, WarmUpReachesTheRateInItsLastStep) {
  expect(schedules::warm_up(t, 0.8, 4), {-5, 0, 1, 3, 4, 100}, {0.2, 0.2, 0.4, 0.8, 0.8, 0.8});
  expect(schedules::warm_up(t, 0.8, 1), {0, 1}, {0.8, 0.8});
  const Value later = schedules::cosine(t - 4, 0.8, 4);
  expect(schedules::warm_up(t, later, 4), {0, 3, 4, 6, 8}, {0.2, 0.8, 0.8, 0.4, 0});
}

TEST_F(SchedulesTest, OneCycleFollowsPyTorch) {
  // OneCycleLR(max_lr=0.1, total_steps=10), of PyTorch's documentation and source:
  // 0.004 … 0.1 until step 2, 4e-7 in step 9
  const auto between = [](double from, double to, double part) {
    return to + (from - to) / 2 * (1 + std::cos(3.14159265358979323846 * part));
  };
  expect(schedules::one_cycle(t, 0.1, 10), {-1, 0, 1, 2, 3, 5, 8, 9, 10, 50},
         {0.004, 0.004, 0.052, 0.1, between(0.1, 4e-7, 1.0 / 7), between(0.1, 4e-7, 3.0 / 7),
          between(0.1, 4e-7, 6.0 / 7), 4e-7, 4e-7, 4e-7});
  expect(schedules::one_cycle(t, 1, 8, {.rise = 0.5, .start = 0, .end = 1}), {0, 3, 7}, {0, 1, 1});
}

TEST_F(SchedulesTest, AreRatesOfOptimisers) {
  const Advancing step = step_counter(g);
  const Value p = g.parameter("p", Tensor::of({1.0F}));
  const Value rate = schedules::step(step.now, 0.5, 0.5, 1);
  const Function f = compile(rate, {.update = join({sgd(p, ones_like(p), rate), {step.update}})});
  State state(g);
  for (int i = 0; i < 3; ++i) f(state);
  EXPECT_EQ(state.get(p).to_vector<float>(), std::vector<float>{1 - 0.5F - 0.25F - 0.125F});
}

TEST_F(SchedulesTest, RefuseBadArguments) {
  const Value f = g.input("f", {f64, {}}), v = g.input("v", {i64, {2}});
  const std::size_t before = g.size();
  EXPECT_THROWS_HERE(schedules::step(f, 0.1, 0.5, 1), TypeError,
                     "schedules::step: t must be an int64 scalar, got float64[]");
  EXPECT_THROWS_HERE(schedules::cosine(v, 0.1, 1), ShapeError,
                     "schedules::cosine: t must be an int64 scalar, got int64[2]");
  EXPECT_THROW(schedules::cosine(3, 0.1, 1), ArgumentError);
  EXPECT_THROWS_HERE(schedules::step(t, -0.1, 0.5, 1), ArgumentError,
                     "schedules::step: rate must be finite and at least 0, got -0.1");
  EXPECT_THROWS_HERE(schedules::exponential(t, 0.1, 0), ArgumentError,
                     "schedules::exponential: factor must be in (0, 1], got 0");
  EXPECT_THROWS_HERE(schedules::step(t, 0.1, NAN, 1), ArgumentError,
                     "schedules::step: factor must be in (0, 1], got nan");
  EXPECT_THROWS_HERE(schedules::step(t, 0.1, 0.5, 0), ArgumentError,
                     "schedules::step: every must be at least 1, got 0");
  EXPECT_THROWS_HERE(schedules::cosine(t, 0.1, -5), ArgumentError,
                     "schedules::cosine: steps must be at least 1, got -5");
  EXPECT_THROWS_HERE(schedules::cosine(t, 0.1, 5, -1), ArgumentError,
                     "schedules::cosine: end must be finite and at least 0, got -1");
  EXPECT_THROWS_HERE(schedules::warm_up(t, INFINITY, 5), ArgumentError,
                     "schedules::warm_up: rate must be finite and at least 0, got inf");
  EXPECT_THROWS_HERE(schedules::warm_up(t, v, 5), TypeError,
                     "schedules::warm_up: the rate must be a number or a float64 scalar, got "
                     "int64[2]");
  EXPECT_THROWS_HERE(schedules::one_cycle(t, 0.1, 1), ArgumentError,
                     "schedules::one_cycle: steps must be at least 2, got 1");
  EXPECT_THROWS_HERE(schedules::one_cycle(t, 0.1, 10, {.rise = 0.1}), ArgumentError,
                     "schedules::one_cycle: a rise of 0.1 leaves no step in which the rate rises; "
                     "with 10 steps, it must be in (0.1, 1)");
  EXPECT_THROWS_HERE(schedules::one_cycle(t, 0.1, 10, {.rise = 1}), ArgumentError,
                     "schedules::one_cycle: a rise of 1 leaves no step in which the rate falls; "
                     "with 10 steps, it must be in (0.1, 1)");
  EXPECT_THROWS_HERE(schedules::one_cycle(t, 0.1, 10, {.start = 2}), ArgumentError,
                     "schedules::one_cycle: start must be in [0, 1], got 2");
  EXPECT_EQ(g.size(), before);
}

}  // namespace
}  // namespace dagrad
