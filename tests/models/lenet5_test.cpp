#include <cmath>

#include "docs/examples/lenet5.hpp"

#include <gtest/gtest.h>

#include "dagrad/check.hpp"
#include "tests/golden/golden.hpp"
#include "tests/models/weights.hpp"

namespace dagrad::models {
namespace {

/// The weights of tests/golden/models/lenet5.py: the i-th is drawn from stream 100 + i, within ±1 /
/// sqrt(fan in). A bias follows the kernel or matrix to whose result it is added.
Tensor golden_weight(const std::vector<Value>& weights, std::size_t i) {
  const Shape& of = weights[i - i % 2].shape();
  const std::int64_t fan_in = of.rank() == 4 ? of.elements() / of[0] : of[0];
  return uniform_at(100 + i, weights[i].shape(), std::pow(fan_in, -0.5), weights[i].dtype());
}

struct Network {
  Graph graph;
  Value images, labels;
  LeNet5 model;
  Value loss;

  Network(const Type& type, const LeNet5Sizes& sizes)
      : images(graph.input("images", type)),
        labels(graph.input("labels", {i64, {type.shape[0]}})),
        model(graph, images, sizes, Rng(1)),
        loss(cross_entropy(model.logits, labels)) {}

  Feeds feeds(std::uint64_t seed, std::int64_t classes) const {
    return {{images, uniform_at(seed, images.shape(), 1, images.dtype())},
            {labels, integers_at(10 + seed, labels.shape(), classes)}};
  }
};

void expect_losses(DType dtype, const std::vector<double>& want, double bound) {
  const LeNet5Sizes sizes;
  Network network({dtype, {8, 1, 28, 28}}, sizes);
  const auto& weights = network.model.weights;
  const auto updates = sgd(weights, gradient(network.loss, weights), 0.1, {.momentum = 0.9});
  const Function train = compile({network.loss}, {.update = updates});
  State state(network.graph);
  for (std::size_t i = 0; i < weights.size(); ++i) state.set(weights[i], golden_weight(weights, i));
  for (std::size_t step = 0; step < want.size(); ++step) {
    const Tensor loss = train(state, network.feeds(step % 2, sizes.classes))[0];
    EXPECT_NEAR(loss.at(0), want[step], bound * want[step]) << "step " << step;
  }
}

TEST(LeNet5, LearnsLikePyTorch) {
  const golden::Losses losses = golden::read_losses("lenet5");
  expect_losses(f32, losses.float32, 1e-5);
  expect_losses(f64, losses.float64, 1e-11);
}

// Biases and small matrices are checked element by element, the others along random directions.
TEST(LeNet5, HasTheGradientOfFiniteDifferences) {
  constexpr LeNet5Sizes sizes{
      .channels1 = 2, .channels2 = 3, .hidden1 = 5, .hidden2 = 4, .classes = 3};
  const Network network({f64, {2, 1, 12, 12}}, sizes);
  const auto& weights = network.model.weights;
  Feeds feeds = network.feeds(0, sizes.classes);
  for (std::size_t i = 0; i < weights.size(); ++i)
    feeds.emplace_back(weights[i], golden_weight(weights, i));
  const CheckReport report = check_gradient(network.loss, weights, feeds);
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_GE(report.count(Verdict::agree), 80u);
}

}  // namespace
}  // namespace dagrad::models
