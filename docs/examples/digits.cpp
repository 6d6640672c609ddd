// Learns to read handwritten digits with 64 pixels, 64 hidden neurons and 10 classes: mini-batches,
// a stratified hold-out set, early stopping.
#include <fmt/core.h>

#include <filesystem>

#include "dagrad/train.hpp"
#include "docs/examples/digits.hpp"

namespace {

using namespace dagrad;

constexpr std::int64_t pixels = digits::side * digits::side, hidden_neurons = 64, batch = 32;

struct Network {
  Graph graph;
  Value images = graph.input("images", {f32, {batch, pixels}}),
        labels = graph.input("labels", {i64, {batch}});
  Value loss, accuracy;
  std::vector<Value> weights;

  explicit Network(std::int64_t seed = 1) {
    Rng rng(seed);
    Value x = images;
    const auto layer = [&](std::string_view name, std::int64_t in, std::int64_t out) {
      const Scope scope = graph.scope(name);
      weights.push_back(graph.parameter("w", rng.he_normal({in, out}, f32)));
      weights.push_back(graph.parameter("b", Tensor(Type{f32, {out}})));
      return matmul(x, weights[weights.size() - 2]) + weights.back();
    };
    x = relu(layer("hidden", pixels, hidden_neurons));
    const Value logits = layer("output", hidden_neurons, digits::classes);
    loss = cross_entropy(logits, labels).named("loss");
    accuracy = mean(cast(equal(argmax(logits, 1), labels), f32)).named("accuracy");
  }
};

}  // namespace

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path file = argc > 2 ? argv[2] : "docs/examples/data/digits.csv";
  std::filesystem::create_directories(folder);

  const digits::Digits all = digits::read(file);
  const Dataset data{{"image", all.images}, {"digit", all.labels}};
  const Network network;
  const auto gradients = gradient(network.loss, network.weights);
  const Model model{.loss = network.loss,
                    .update = sgd(network.weights, gradients, 0.1, {.momentum = 0.9}),
                    .inputs = {{network.images, "image"}, {network.labels, "digit"}},
                    .metrics = {{"accuracy", network.accuracy}}};

  State state(network.graph);
  const Fitted fitted =
      fit(model, state, data,
          {.epochs = 60, .key = 1, .hold_out = 0.2, .stratify = "digit", .patience = 8});

  const auto best = static_cast<std::size_t>(fitted.best_epoch - 1);
  const double accuracy = fitted.history["accuracy"][best];
  fmt::print(
      "\nstopped after epoch {}; best on the held-out fifth at epoch {}: accuracy {:.2f} %\n",
      fitted.history.epochs(), fitted.best_epoch, accuracy * 100);
  for (const char* const curves : {"digits_loss.svg", "digits_loss.png"})
    draw(folder / curves, fitted.history,
         {.title = "Reading handwritten digits", .y = "cross-entropy"});
  PictureOptions picture{.title = "64-64-10 network and its gradient", .fetches = {network.loss}};
  picture.fetches.insert(picture.fetches.end(), gradients.begin(), gradients.end());
  picture.only_needed = true;
  write_dot(folder / "digits_graph.dot", network.graph, picture);
  draw(folder / "digits_graph.svg", network.graph, picture);
  draw(folder / "digits_graph.png", network.graph, picture);
  fmt::print("wrote digits_loss and digits_graph (.png, .svg) to {}\n", folder.string());
  return accuracy >= 0.96 ? 0 : 1;
} catch (const dagrad::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
