#include "dagrad/train/lbfgs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "dagrad/dagrad.hpp"
#include "src/train/line_search.hpp"
#include "tests/throws.hpp"
#include "tests/train/more_garbow_hillstrom.hpp"

namespace dagrad {
namespace {

using test::Numbers;

class MoreGarbowHillstrom : public testing::TestWithParam<std::size_t> {
 protected:
  static const test::MinimumProblem& problem() {
    static const auto all = test::more_garbow_hillstrom();
    return all[GetParam()];
  }
};

TEST_P(MoreGarbowHillstrom, ReachesAKnownMinimum) {
  Graph graph;
  const Numbers& start = problem().start;
  const Value x = graph.parameter("x", Tensor({static_cast<std::int64_t>(start.size())}, start));
  const Value loss = test::sum_of_squares(graph, problem(), x);
  State state(graph);
  const LbfgsResult result = lbfgs(
      loss, x, state, {}, {.iterations = 3000, .gradient_tolerance = 1e-9, .value_tolerance = 0});
  const std::string text = problem().name + ": " + to_string(result);
  const bool known =
      std::any_of(problem().minima.begin(), problem().minima.end(), [&](double minimum) {
        // Published to six digits; a minimum of 0 is reached as nearly as the slopes allow.
        return minimum == 0 ? result.value < 1e-12 : std::abs(result.value / minimum - 1) < 2e-5;
      });
  EXPECT_TRUE(known) << text;
  EXPECT_LT(result.evaluations, 3000) << text;
  EXPECT_EQ(evaluate(loss, {}).size(), 1);
  EXPECT_EQ(compile(loss)(state)[0].item<double>(), result.value) << "the State is at the minimum";
  EXPECT_EQ(result.losses.size(), static_cast<std::size_t>(result.iterations) + 1);
  EXPECT_TRUE(std::is_sorted(result.losses.rbegin(), result.losses.rend()));
}
INSTANTIATE_TEST_SUITE_P(All, MoreGarbowHillstrom, testing::Range<std::size_t>(0, 35));
TEST(MoreGarbowHillstromProblems, AreComplete) {
  std::vector<int> numbers;
  for (const auto& problem : test::more_garbow_hillstrom()) numbers.push_back(problem.number);
  std::sort(numbers.begin(), numbers.end());
  ASSERT_EQ(numbers.size(), 35U);
  for (int i = 0; i < 35; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], i + 1);
}

class Lbfgs : public testing::Test {
 protected:
  Graph graph;
  Value x = graph.parameter("x", Tensor::of({3.0, -2.0}));
  Value loss = sum(square(x - graph.constant(Tensor::of({1.0, 1.0}))));
};

TEST_F(Lbfgs, ReachesTheMinimumOfAQuadratic) {
  State state(graph);
  const LbfgsResult result = lbfgs(loss, x, state);
  EXPECT_EQ(result.end, LbfgsEnd::gradient) << result;
  EXPECT_NEAR(state.get(x).at(0), 1, 1e-6);
  EXPECT_NEAR(state.get(x).at(1), 1, 1e-6);
}

TEST_F(Lbfgs, MovesOnlyTheListedParameters) {
  const Value other = graph.parameter("other", Tensor(5.0));
  State state(graph);
  lbfgs(loss + square(other), x, state);
  EXPECT_EQ(state.get(other).item<double>(), 5);
}

TEST_F(Lbfgs, TakesFloat32) {
  const Value y = graph.parameter("y", Tensor(3.0F));
  State state(graph);
  lbfgs(square(y - 2.0F), y, state);
  EXPECT_NEAR(state.get(y).item<float>(), 2, 1e-3);
}

TEST_F(Lbfgs, StopsAtOnceAtAMinimum) {
  State state(graph);
  state.set(x, Tensor::of({1.0, 1.0}));
  const LbfgsResult result = lbfgs(loss, x, state);
  EXPECT_EQ(result.end, LbfgsEnd::gradient);
  EXPECT_EQ(result.iterations, 0);
  EXPECT_EQ(result.losses, std::vector<double>{0});
}

TEST_F(Lbfgs, MakesNoMoreIterationsThanAllowed) {
  State state(graph);
  const LbfgsResult result = lbfgs(loss, x, state, {}, {.iterations = 0});
  EXPECT_EQ(result.end, LbfgsEnd::iterations);
  EXPECT_EQ(state.get(x).at(0), 3);
}

TEST_F(Lbfgs, LeavesTheStateWhenItIsCancelled) {
  State state(graph);
  const CancelToken token;
  token.cancel();
  EXPECT_THROW(lbfgs(loss, x, state, {}, {.run = {.cancel = token}}), RunError);
  EXPECT_EQ(state.get(x).at(0), 3);
}

class LbfgsOnEdges : public testing::Test {
 protected:
  Graph g;
  const Value x = g.parameter("x", Tensor::of({3.0, -2.0})),
              y = g.parameter("y", Tensor::of({{1.0F}, {2.0F}}));
  const Value target = g.input("target", {f64, {2}});
};

TEST_F(LbfgsOnEdges, ReadsFeedsAndLeavesOtherParametersAlone) {
  const Value loss = sum(square(x - target)) + sum(square(cast(y, f64)));
  State state(g);
  const LbfgsResult result = lbfgs(loss, x, state, {{target, Tensor::of({5.0, 7.0})}});
  EXPECT_TRUE(compare(state.get(x), Tensor::of({5.0, 7.0}), 0, 1e-6).close);
  EXPECT_EQ(state.get(y).to_vector<float>(), (std::vector<float>{1, 2}));
  EXPECT_EQ(result.end, LbfgsEnd::gradient);
  EXPECT_NEAR(result.value, 5, 1e-12);
  EXPECT_LE(result.gradient, 1e-6);
  std::ostringstream out;
  out << result;
  EXPECT_EQ(out.str(), to_string(result));
  EXPECT_EQ(out.str().substr(0, 13), "loss 5 after ");
}

TEST_F(LbfgsOnEdges, TakesSeveralParametersOfBothDtypes) {
  const Value loss = sum(square(x - 1)) + cast(sum(pow(y - 4, 4)), f64);
  State state(g);
  const LbfgsResult result = lbfgs(loss, {x, y}, state);
  EXPECT_TRUE(compare(state.get(x), Tensor::of({1.0, 1.0}), 0, 1e-3).close) << result;
  EXPECT_TRUE(compare(state.get(y), Tensor::of({{4.0F}, {4.0F}}), 0, 2e-2).close) << result;
  EXPECT_EQ(compile(loss)(state)[0].item<double>(), result.value);
}

TEST_F(LbfgsOnEdges, EndsForEachReason) {
  const Value loss = sum(square(square(x)));
  const auto from = [&](const LbfgsOptions& options) {
    State state(g);
    return lbfgs(loss, x, state, {}, options);
  };
  EXPECT_EQ(from({.iterations = 0}).end, LbfgsEnd::iterations);
  EXPECT_EQ(from({.iterations = 0}).evaluations, 1);
  EXPECT_EQ(from({.iterations = 0}).value, 97);
  EXPECT_EQ(from({.iterations = 3}).losses.size(), 4U);
  EXPECT_EQ(from({.gradient_tolerance = 1e9}).end, LbfgsEnd::gradient);
  EXPECT_EQ(from({.gradient_tolerance = 1e9}).losses, Numbers{97}) << "at a minimum already";
  EXPECT_EQ(from({.gradient_tolerance = 0, .value_tolerance = 0.99}).end, LbfgsEnd::value);
  State state(g);
  const Value wrong = 2 * stop_gradient(loss) - loss;  // its gradient has the wrong sign
  EXPECT_EQ(lbfgs(wrong, x, state).end, LbfgsEnd::no_descent);
  EXPECT_TRUE(same_bits(state.get(x), x.node().tensor())) << "stays at the start";
}

TEST_F(LbfgsOnEdges, AvoidsPlacesWhereTheLossIsNotFinite) {
  const Value loss = sum(x * x - 10 * log(x + 2.5));
  State state(g);
  const LbfgsResult result = lbfgs(loss, x, state, {}, {.value_tolerance = 0});
  EXPECT_EQ(result.end, LbfgsEnd::gradient);
  const double root = (-2.5 + std::sqrt(2.5 * 2.5 + 20)) / 2;  // of 2 x = 10 / (x + 2.5)
  EXPECT_TRUE(compare(state.get(x), Tensor::of({root, root}), 0, 1e-6).close) << state.get(x);
}

TEST_F(LbfgsOnEdges, TakesParametersOfAnyShape) {
  const Value scalar = g.parameter("scalar", Tensor(4.0)),
              none = g.parameter("none", Tensor(Type{f64, {0, 3}}));
  State state(g);
  lbfgs(square(scalar - 1) + sum(none), {none, scalar}, state);
  EXPECT_NEAR(state.get(scalar).item<double>(), 1, 1e-6);
  EXPECT_EQ(lbfgs(sum(none), none, state).end, LbfgsEnd::gradient) << "nothing to minimise";
}

TEST_F(LbfgsOnEdges, GivesTheSameBitsOnAnyNumberOfThreads) {
  std::vector<Tensor> ends;
  for (const int threads : {1, 4}) {
    State state(g);
    lbfgs(sum(square(x * x - 2)) + sum(cos(x)), x, state, {}, {.threads = threads});
    ends.push_back(state.get(x));
  }
  EXPECT_TRUE(same_bits(ends[0], ends[1]));
}

TEST_F(LbfgsOnEdges, RefusesBadArguments) {
  State state(g);
  const Value loss = sum(square(x)), wide = square(x).named("wide");
  const Value count = g.parameter("count", Tensor(std::int64_t{1}));
  const std::size_t before = g.size();
  EXPECT_THROWS_HERE(lbfgs(wide, x, state), ShapeError,
                     "lbfgs: the loss must be a float scalar, got float64[2]");
  EXPECT_THROWS_HERE(lbfgs(count, x, state), TypeError,
                     "lbfgs: the loss must be a float scalar, got int64[]");
  EXPECT_THROWS_HERE(lbfgs(loss, {}, state), ArgumentError, "lbfgs: needs at least one parameter");
  EXPECT_THROWS_HERE(lbfgs(loss, wide, state), ArgumentError, "lbfgs: 'wide' is not a parameter");
  EXPECT_THROWS_HERE(lbfgs(loss, {x, x}, state), ArgumentError,
                     "lbfgs: parameter 'x' is listed twice");
  EXPECT_THROWS_HERE(lbfgs(loss, count, state), TypeError,
                     "lbfgs: parameters must be float32 or float64, but 'count' is int64[]");
  const auto with = [&](const LbfgsOptions& options) { lbfgs(loss, x, state, {}, options); };
  EXPECT_THROWS_HERE(with({.memory = 0}), ArgumentError, "lbfgs: memory must be at least 1, got 0");
  EXPECT_THROWS_HERE(with({.iterations = -1}), ArgumentError,
                     "lbfgs: iterations must be at least 0, got -1");
  EXPECT_THROWS_HERE(with({.evaluations = 0}), ArgumentError,
                     "lbfgs: evaluations must be at least 1, got 0");
  EXPECT_THROWS_HERE(with({.gradient_tolerance = NAN}), ArgumentError,
                     "lbfgs: gradient_tolerance must be at least 0, got nan");
  EXPECT_THROWS_HERE(with({.curvature = 1}), ArgumentError,
                     "lbfgs: curvature must be in (0, 1), got 1");
  const LbfgsOptions crossed{.sufficient_decrease = 0.9, .curvature = 0.5};
  EXPECT_THROWS_HERE(with(crossed), ArgumentError,
                     "lbfgs: sufficient_decrease must be in (0, 0.5), below curvature, got 0.9");
  EXPECT_EQ(g.size(), before);
  EXPECT_TRUE(same_bits(state.get(x), x.node().tensor()));
  EXPECT_THROWS_HERE(lbfgs(sum(log(x)), x, state), RunError, "lbfgs: the loss at the start is nan");
  state.set(x, Tensor::of({0.0, 1.0}));
  EXPECT_THROWS_HERE(lbfgs(sum(sqrt(x)), x, state), RunError,
                     "lbfgs: the loss at the start is 1, but its gradient is not finite");
}

}  // namespace
}  // namespace dagrad
