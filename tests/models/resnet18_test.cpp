#include <cmath>

#include "docs/examples/resnet18.hpp"

#include <gtest/gtest.h>

#include "dagrad/check.hpp"
#include "tests/golden/golden.hpp"
#include "tests/models/weights.hpp"
#include "tests/sanitized.hpp"

namespace dagrad::models {
namespace {

/// The weights of tests/golden/models/resnet18.py: the i-th is drawn from stream 100 + i, within ±1
/// / sqrt(fan in) for kernels and matrices, else within ±0.1; around 1 if it scales a
/// normalisation, and rounded to float32 if it shifts one, which avoids the kink of ReLU.
Tensor golden_weight(const Value& weight, std::uint64_t i) {
  const Shape& shape = weight.shape();
  const std::int64_t fan_in = shape.rank() == 4 ? shape.elements() / shape[0] : shape[0];
  const double bound = shape.rank() == 1 ? 0.1 : std::pow(fan_in, -0.5);
  const bool around_one = weight.name().ends_with("/scale") ||
                          (weight.dtype() == f32 && weight.name().ends_with("/shift"));
  return uniform_at(100 + i, shape, bound, weight.dtype(), around_one ? 1 : 0);
}

struct Network {
  Graph graph;
  Value images, labels;
  ResNet18 model;
  Value loss;

  Network(const Type& type, const ResNet18Sizes& sizes,
          Statistics statistics = Statistics::of_batch)
      : images(graph.input("images", type)),
        labels(graph.input("labels", {i64, {type.shape[0]}})),
        model(graph, images, sizes, Rng(1), statistics),
        loss(cross_entropy(model.logits, labels)) {}

  Feeds feeds(std::uint64_t seed, std::int64_t classes) const {
    return {{images, uniform_at(seed, images.shape(), 1, images.dtype())},
            {labels, integers_at(10 + seed, labels.shape(), classes)}};
  }
};

/// Compares the losses of training and, before each step, that of a batch which is not trained on,
/// computed with the running statistics.
void expect_losses(DType dtype, const std::vector<double>& want,
                   const std::vector<double>& want_unseen, double bound) {
  constexpr ResNet18Sizes sizes{.width = 8};
  const Type images{dtype, {4, 3, 32, 32}};
  Network network(images, sizes);
  const Network running(images, sizes, Statistics::running);
  const auto& weights = network.model.weights;
  const auto updates = sgd(weights, gradient(network.loss, weights), 0.005);
  const Function train =
      compile({network.loss}, {.update = join({updates, network.model.running})});
  const Function evaluate_unseen = compile({running.loss});
  State state(network.graph);
  for (std::size_t i = 0; i < weights.size(); ++i)
    state.set(weights[i], golden_weight(weights[i], i));
  const Feeds unseen = running.feeds(2, sizes.classes);
  for (std::size_t step = 0; step < want.size(); ++step) {
    const double by_running = evaluate_unseen(std::as_const(state), unseen)[0].at(0);
    EXPECT_NEAR(by_running, want_unseen[step], bound * want_unseen[step]) << "step " << step;
    const double loss = train(state, network.feeds(step % 2, sizes.classes))[0].at(0);
    EXPECT_NEAR(loss, want[step], bound * want[step]) << "step " << step;
  }
}

TEST(ResNet18, LearnsLikePyTorch) {
  const golden::Losses losses = golden::read_losses("resnet18"),
                       unseen = golden::read_losses("resnet18_running");
  expect_losses(f32, losses.float32, unseen.float32, 1e-5);
  expect_losses(f64, losses.float64, unseen.float64, 1e-11);
}

void check_narrow(Statistics statistics) {
  constexpr ResNet18Sizes sizes{.width = 2, .classes = 3};
  const Network network({f64, {4, 1, 8, 8}}, sizes, statistics);
  const auto& weights = network.model.weights;
  Feeds feeds = network.feeds(0, sizes.classes);
  for (std::size_t i = 0; i < weights.size(); ++i)
    feeds.emplace_back(weights[i], golden_weight(weights[i], i));
  const CheckReport report =
      check_gradient(network.loss, weights, feeds, lighter({.elements = 4, .directions = 4}));
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_GE(report.count(Verdict::agree), weights.size() * 3 / (sanitized ? 4 : 1));
}

// Scales and shifts of the first stages are checked element by element, the others along random
// directions.
TEST(ResNet18, HasTheGradientOfFiniteDifferences) { check_narrow(Statistics::of_batch); }
TEST(ResNet18, HasTheGradientWithRunningStatistics) { check_narrow(Statistics::running); }

}  // namespace
}  // namespace dagrad::models
