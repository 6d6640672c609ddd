#include "docs/examples/gmm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "dagrad/check.hpp"
#include "tests/golden/golden.hpp"
#include "tests/models/adbench_gmm.hpp"
#include "tests/models/weights.hpp"

namespace dagrad::models {
namespace {

struct Mixture {
  Graph graph;
  Value points;
  Gmm gmm;

  Mixture(const Type& type, std::int64_t k)
      : points(graph.input("points", type)), gmm(graph, points, k, Rng(1)) {}

  Tensor golden_points(std::uint64_t seed) const {
    return uniform_at(seed, points.shape(), 2, points.dtype());
  }
  /// The weights of tests/golden/models/gmm.py.
  std::vector<Tensor> golden_weights() const {
    std::vector<Tensor> all;
    for (const Value& weight : gmm.weights)
      all.push_back(uniform_at(100 + all.size(), weight.shape(), 1, weight.dtype()));
    return all;
  }
  State state(const std::vector<Tensor>& weights) const {
    State state(graph);
    for (std::size_t i = 0; i < weights.size(); ++i) state.set(gmm.weights[i], weights[i]);
    return state;
  }
};

void expect_losses(DType dtype, const std::vector<double>& want, double bound) {
  constexpr std::int64_t n = 40;
  Mixture mixture({dtype, {n, 3}}, 4);
  const Gmm& gmm = mixture.gmm;
  const Value loss = -(gmm.log_likelihood + gmm.log_prior({.gamma = 0.7, .m = 2})) / n;
  const auto updates = sgd(gmm.weights, gradient(loss, gmm.weights), 0.05, {.momentum = 0.9});
  const Function train = compile({loss}, {.update = updates});
  State state = mixture.state(mixture.golden_weights());
  for (std::size_t step = 0; step < want.size(); ++step) {
    const Tensor got = train(state, {{mixture.points, mixture.golden_points(step % 2)}})[0];
    EXPECT_NEAR(got.at(0), want[step], bound * want[step]) << "step " << step;
  }
}

TEST(Gmm, LearnsLikePyTorch) {
  const golden::Losses losses = golden::read_losses("gmm");
  expect_losses(f32, losses.float32, 1e-5);
  expect_losses(f64, losses.float64, 1e-11);
}

// Weights and means are checked element by element, the factors along random directions.
TEST(Gmm, HasTheGradientOfFiniteDifferences) {
  const Mixture mixture({f64, {12, 5}}, 5);
  const Gmm& gmm = mixture.gmm;
  Feeds feeds{{mixture.points, mixture.golden_points(0)}};
  const auto values = mixture.golden_weights();
  for (std::size_t i = 0; i < values.size(); ++i) feeds.emplace_back(gmm.weights[i], values[i]);
  const Value posterior = gmm.log_likelihood + gmm.log_prior({.gamma = 0.7, .m = 2});
  const CheckReport report = check_gradient(posterior, gmm.weights, feeds);
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_GE(report.count(Verdict::agree), 5u + 25u + 8u);
}

TEST(Gmm, HasTheGradientsOfAdbench) {
  for (const auto& file : adbench::files("gmm")) {
    const adbench::Gmm data = adbench::read_gmm(file);
    const adbench::Golden golden = adbench::read_golden(file);
    const adbench::GmmNetwork network(data);
    std::vector<Value> fetches = network.gradients();
    fetches.push_back(network.objective);
    const State state = network.state(data);
    auto results = compile(fetches)(state, {{network.points, data.x}});
    EXPECT_NEAR(results.back().at(0), golden.value, 1e-13 * std::abs(golden.value)) << file;
    results.pop_back();
    EXPECT_LE(golden.error_of(results), 1e-11) << file;
  }
}

// Points and means far from 0 lose no digits, because they are subtracted first.
TEST(Gmm, IsTheSameFarFromZero) {
  const Mixture mixture({f32, {20, 3}}, 2);
  const auto likelihood = [&](float shift) {
    const auto eighths = [&](std::uint64_t seed, const Shape& shape) {
      Tensor out = integers_at(seed, shape, 17).cast(f32);
      for (float& x : out.mutate<float>()) x = x / 8 + shift;
      return out;
    };
    const State state = mixture.state(
        {uniform_at(100, {2}, 1, f32), eighths(1, {2, 3}), uniform_at(102, {2, 6}, 1, f32)});
    const Function f = compile({mixture.gmm.log_likelihood});
    return f(state, {{mixture.points, eighths(0, {20, 3})}})[0].item<float>();
  };
  EXPECT_EQ(likelihood(0), likelihood(0x1p20F));
}

// Points at half a standard deviation of 2 on both sides of the mean.
TEST(Gmm, IsTheNormalDistributionWithOneComponentOnALine) {
  const Mixture mixture({f64, {2, 1}}, 1);
  const State state = mixture.state({Tensor(Shape{1}, {7.0}), Tensor(Shape{1, 1}, {0.5}),
                                     Tensor(Shape{1, 1}, {-std::numbers::ln2})});
  const Function f = compile({mixture.gmm.log_likelihood});
  const Tensor got = f(state, {{mixture.points, Tensor(Shape{2, 1}, {1.5, -0.5})}})[0];
  EXPECT_NEAR(got.item<double>(), -0.25 - std::log(8 * std::numbers::pi), 1e-14);
}

}  // namespace
}  // namespace dagrad::models
