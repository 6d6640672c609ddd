#include <gtest/gtest.h>

#include <vector>

#include "dagrad/train.hpp"
#include "tests/io/folder.hpp"
#include "tests/train/fit_model.hpp"

namespace dagrad {
namespace {

using layers::Network;

/// A small network with everything that a training carries along: dropout and running statistics.
Value brightness(Network& network, const Value& images) {
  Value x = layers::conv2d(network, "conv", images, 4, 3, {.bias = false});
  x = flatten(relu(layers::batch_norm(network, "norm", x)), 1);
  x = layers::dropout(network, "drop", relu(layers::linear(network, "hidden", x, 8)), 0.2);
  return layers::linear(network, "out", x, 2);
}

struct Classifier {
  Graph graph;
  Value images = graph.input("images", {f32, {16, 1, 5, 5}});
  Value labels = graph.input("labels", {i64, {16}});
  Network network{graph, 1};
  Value loss = cross_entropy(brightness(network, images), labels);
  Network inference = network.inference();
  Value validation = cross_entropy(brightness(inference, images), labels);
  Model model{.loss = loss,
              .update = join({adam(network.weights(), gradient(loss, network.weights()), 0.01),
                              network.updates()}),
              .inputs = {{images, "images"}, {labels, "labels"}},
              .validation = validation};
};

/// Noise, which is brighter in class 1.
Dataset images(std::int64_t rows) {
  Rng rng(5);
  const Tensor labels = rng.integers({rows}, 0, 2);
  Tensor pixels = rng.normal({rows, 1, 5, 5}, 0, 1, f32);
  const auto values = pixels.mutate<float>();
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] += static_cast<float>(labels.at(static_cast<std::int64_t>(i) / 25));
  return {{"images", pixels}, {"labels", labels}};
}

class LayersInFit : public test::InFolder {};

TEST_F(LayersInFit, LearnWithSmallerLastBatchesAndAreValidatedAsInInference) {
  Classifier classifier;
  State state(classifier.graph);
  FitOptions options = test::quiet(20);
  options.validation = images(37);
  const Fitted fitted = fit(classifier.model, state, images(104), options);
  EXPECT_GT(fitted.history["validation"][0], 0.4);
  EXPECT_LT(fitted.history["validation"].back(), 0.2);
}

TEST_F(LayersInFit, ResumeToTheSameBits) {
  const auto trained = [&](const std::vector<std::int64_t>& epochs) {
    Classifier classifier;
    State state(classifier.graph);
    for (const std::int64_t to : epochs) {
      FitOptions options = test::quiet(to);
      if (epochs.size() > 1) options.checkpoint = folder / "training.npz";
      fit(classifier.model, state, images(50), options);
      if (to != epochs.back()) state = State(classifier.graph);  // as in another process
    }
    return state;
  };
  EXPECT_TRUE(test::same_state(trained({2, 5}), trained({5})));
}

}  // namespace
}  // namespace dagrad
