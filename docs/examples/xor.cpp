// Trains the smallest network that needs a hidden layer; draws its graph and its cost.
#include <fmt/core.h>

#include <filesystem>

#include "dagrad/train.hpp"
#include "docs/examples/xor_network.hpp"

int main(int argc, char** argv) try {
  using namespace dagrad;
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  std::filesystem::create_directories(folder);

  Rng rng(7);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  const XorNetwork network(weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1}));
  const Dataset samples{{"a, b", XorNetwork::inputs()}, {"a xor b", XorNetwork::targets()}};
  const Model model{.loss = network.cost,
                    .update = network.update,
                    .inputs = {{network.x, "a, b"}, {network.y, "a xor b"}}};

  State state(network.graph);
  const Fitted fitted = fit(model, state, samples, {.epochs = 2500, .shuffle = false});

  const Tensor predictions = compile(network.out)(state, {{network.x, samples["a, b"]}})[0];
  const auto inputs = samples["a, b"].to_vector<double>(),
             targets = samples["a xor b"].to_vector<double>(),
             outputs = predictions.to_vector<double>();
  int right = 0;
  fmt::print("\n  a  b   a xor b   prediction\n");
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const bool predicted = outputs[i] > 0.5;
    right += predicted == (targets[i] == 1);
    fmt::print("  {}  {}   {:7}   {} ({:.4f})\n", inputs[2 * i], inputs[2 * i + 1], targets[i],
               predicted ? 1 : 0, outputs[i]);
  }
  fmt::print("\naccuracy: {} %\n", right * 100 / 4);

  for (const char* const file : {"xor_cost.svg", "xor_cost.png"})
    draw(folder / file, fitted.history, {.title = "Learning exclusive or", .y = "cost"});
  PictureOptions picture{.title = "The XOR network and its gradient",
                     .fetches = {network.cost, network.out}};
  picture.fetches.insert(picture.fetches.end(), network.gradients.begin(), network.gradients.end());
  picture.only_needed = true;
  write_dot(folder / "xor_graph.dot", network.graph, picture);
  draw(folder / "xor_graph.svg", network.graph, picture);
  draw(folder / "xor_graph.png", network.graph, picture);
  fmt::print("wrote xor_cost and xor_graph (.png, .svg) to {}\n", folder.string());
  return right == 4 ? 0 : 1;
} catch (const dagrad::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
