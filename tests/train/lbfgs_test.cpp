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

TEST_F(Lbfgs, RefusesWhatItCannotMinimise) {
  State state(graph);
  EXPECT_THROW(lbfgs(x, x, state), ShapeError);
  EXPECT_THROW(lbfgs(loss, std::vector<Value>{}, state), ArgumentError);
  EXPECT_THROW(lbfgs(loss, std::vector<Value>{x, x}, state), ArgumentError);
  EXPECT_THROW(lbfgs(loss, loss, state), ArgumentError);
  EXPECT_THROW(lbfgs(loss, x, state, {}, {.memory = 0}), ArgumentError);
  EXPECT_THROW(lbfgs(loss, x, state, {}, {.iterations = -1}), ArgumentError);
  EXPECT_THROW(lbfgs(loss, x, state, {}, {.evaluations = 0}), ArgumentError);
  EXPECT_THROW(lbfgs(loss, x, state, {}, {.gradient_tolerance = -1}), ArgumentError);
  EXPECT_THROW(lbfgs(loss, x, state, {}, {.curvature = 1}), ArgumentError);
  EXPECT_EQ(state.get(x).at(0), 3) << "an error leaves the State as it is";
}

TEST_F(Lbfgs, RefusesALossThatIsNotFiniteAtTheStart) {
  State state(graph);
  EXPECT_THROW(lbfgs(sum(log(x)), x, state), RunError);  // x has a negative element
}

TEST_F(Lbfgs, LeavesTheStateWhenItIsCancelled) {
  State state(graph);
  const CancelToken token;
  token.cancel();
  EXPECT_THROW(lbfgs(loss, x, state, {}, {.run = {.cancel = token}}), RunError);
  EXPECT_EQ(state.get(x).at(0), 3);
}

}  // namespace
}  // namespace dagrad
