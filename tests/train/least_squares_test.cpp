#include "dagrad/train/least_squares.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dagrad/dagrad.hpp"
#include "docs/examples/nist.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

class Nist : public testing::TestWithParam<std::size_t> {};

TEST_P(Nist, ReachesCertifiedParameters) {
  const nist::Model model = nist::models()[GetParam()];
  const nist::Problem problem = nist::read("docs/examples/data/nist/" + model.name + ".dat");
  for (const auto& start : problem.starts) {
    Graph graph;
    const Value b = graph.parameter("b", nist::vector(start));
    State state(graph);
    const LeastSquaresResult result =
        least_squares(nist::residuals(graph, model, problem, b), b, state);
    EXPECT_GE(nist::digits(state.get(b), problem.certified), 6) << model.name << ": " << result;
    EXPECT_GE(nist::digits(result.deviations[0], problem.deviations), 5) << model.name;
    EXPECT_NEAR(result.value / problem.squares, 1, 1e-7) << model.name;
    EXPECT_EQ(result.end, LeastSquaresEnd::step) << model.name;
  }
}
INSTANTIATE_TEST_SUITE_P(All, Nist, testing::Range<std::size_t>(0, nist::models().size()));

class LeastSquares : public testing::Test {
 protected:
  Graph graph;
  Value x = graph.parameter("x", Tensor::of({-1.2, 1.0}));
  Value rosenbrock = stack({10 * (x[1] - square(x[0])), 1 - x[0]});
};

TEST_F(LeastSquares, ReachesAnExactFit) {
  State state(graph);
  const LeastSquaresResult result = least_squares(rosenbrock, x, state);
  EXPECT_NEAR(state.get(x).at(0), 1, 1e-12);
  EXPECT_NEAR(state.get(x).at(1), 1, 1e-12);
  EXPECT_LT(result.value, 1e-24);
  EXPECT_LT(result.iterations, 40);
  EXPECT_LE(result.evaluations, result.iterations + 1);
  EXPECT_TRUE(std::isnan(result.deviations[0].at(0)));  // as many residuals as parameters
}

TEST_F(LeastSquares, FitsSeveralParametersOfAnyShape) {
  const Value w = graph.parameter("w", Tensor(Type{f64, {2, 1}})), b = graph.parameter("c", 0.0);
  const Value rows = graph.input("rows", {f64, {4, 2}});
  const Value r = matmul(rows, w) + b - graph.constant({{1.0}, {2.0}, {3.0}, {5.0}});
  State state(graph);
  const Tensor data = Tensor::of({{0.0, 0.0}, {1.0, 0.0}, {0.0, 1.0}, {2.0, 1.0}});
  const LeastSquaresResult result = least_squares(r, {w, b}, state, {{rows, data}});
  EXPECT_NEAR(result.value, 0, 1e-20);
  EXPECT_NEAR(state.get(w).at(0), 1, 1e-10);
  EXPECT_NEAR(state.get(w).at(1), 2, 1e-10);
  EXPECT_NEAR(state.get(b).item<double>(), 1, 1e-10);
  EXPECT_EQ(result.deviations[0].shape(), (Shape{2, 1}));
  EXPECT_EQ(result.deviations[1].shape(), Shape{});
  EXPECT_EQ(state.get(x).at(0), -1.2);  // stays as it is
}

TEST_F(LeastSquares, RoundsToFloat32) {
  const Value y = graph.parameter("y", Tensor::of({5.0F, -3.0F}));
  State state(graph);
  const LeastSquaresResult result = least_squares(y - graph.constant({1.0F, 0.1F}), y, state);
  EXPECT_EQ(state.get(y).dtype(), f32);
  EXPECT_NEAR(state.get(y).at(1), 0.1, 1e-7);
  EXPECT_LT(result.value, 1e-13);
}

TEST_F(LeastSquares, WorksWithoutResidualsAndWithFewerThanParameters) {
  State state(graph);
  EXPECT_EQ(least_squares(slice(x, 0, {0, 0}), x, state).value, 0);
  const LeastSquaresResult one = least_squares(x[0] + x[1] - 1.0, x, state);
  EXPECT_NEAR(one.value, 0, 1e-20);
  EXPECT_NEAR(state.get(x).at(0) + state.get(x).at(1), 1, 1e-10);
}

TEST_F(LeastSquares, TellsThatTheJacobianIsSingular) {
  State state(graph);
  const Value same = stack({x[0] + x[1], x[0] + x[1] - 1.0, x[0] + x[1] + 2.0});
  const LeastSquaresResult result = least_squares(same, x, state);
  EXPECT_NEAR(result.value, 14.0 / 3, 1e-9);
  EXPECT_GT(result.deviations[0].at(0), 1e6);
}

TEST_F(LeastSquares, StopsAfterTheIterations) {
  State state(graph);
  const LeastSquaresResult none = least_squares(rosenbrock, x, state, {}, {.iterations = 0});
  EXPECT_EQ(none.end, LeastSquaresEnd::iterations);
  EXPECT_EQ(state.get(x).at(0), -1.2);
  EXPECT_NEAR(none.value, 24.2, 1e-12);
  EXPECT_EQ(to_string(none),
            "sum of squares 24.2 after 0 steps and 1 Jacobians: all iterations are made");
}

TEST_F(LeastSquares, KeepsTheBestPointIfCancelled) {
  State state(graph);
  CancelToken token;
  token.cancel();
  EXPECT_THROW(least_squares(rosenbrock, x, state, {}, {.run = {.cancel = token}}), RunError);
  EXPECT_EQ(state.get(x).at(0), -1.2);
}

TEST_F(LeastSquares, AvoidsWhatIsNotFinite) {
  const Value y = graph.parameter("y", Tensor::of({0.01}));
  State state(graph);
  const LeastSquaresResult result = least_squares(log(y), y, state);  // long steps are below 0
  EXPECT_NEAR(state.get(y).at(0), 1, 1e-10) << result;
}

TEST_F(LeastSquares, MistakesAreExplained) {
  State state(graph);
  const auto told = [&](auto call) {
    try {
      call();
    } catch (const Error& error) {
      return without_line(error.what());
    }
    return std::string("nothing was thrown");
  };
  const std::string place = "\n  made at " + std::string(__FILE__);
  const auto with = [&](const LeastSquaresOptions& options) {
    return told([&] { least_squares(rosenbrock, x, state, {}, options); });
  };
  EXPECT_EQ(with({.iterations = -1}),
            "least_squares: iterations must be at least 0, got -1" + place);
  EXPECT_EQ(with({.damping = 0}), "least_squares: damping must be larger than 0, got 0" + place);
  EXPECT_EQ(with({.step_tolerance = -1}),
            "least_squares: step_tolerance must be at least 0, got -1" + place);
  EXPECT_EQ(told([&] { least_squares(rosenbrock, {}, state); }),
            "least_squares: needs at least one parameter" + place);
  EXPECT_EQ(told([&] {
              least_squares(rosenbrock, {x, x}, state);
            }),
            "least_squares: parameter 'x' is listed twice" + place);
  EXPECT_EQ(told([&] { least_squares(cast(x, i32), x, state); }),
            "least_squares: the residuals must be float32 or float64, got int32[2]" + place);
  const double infinite = std::numeric_limits<double>::infinity();
  EXPECT_EQ(told([&] { least_squares(x * infinite, x, state); }),
            "least_squares: the residuals at the start are not finite" + place);
  const Value edge = sqrt(x - graph.constant({-1.2, 1.0}));
  EXPECT_EQ(told([&] { least_squares(edge, x, state); }),
            "least_squares: the Jacobian of the residuals at the start is not finite" + place);
}

}  // namespace
}  // namespace dagrad
