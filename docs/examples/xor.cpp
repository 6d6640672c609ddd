// Trains the smallest network that needs a hidden layer; draws its graph and its cost.
#include <fmt/core.h>

#include <filesystem>

#include "docs/examples/show/curve.hpp"
#include "docs/examples/show/progress.hpp"
#include "docs/examples/xor_network.hpp"

int main(int argc, char** argv) try {
  using namespace dagrad;
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  std::filesystem::create_directories(folder);
  constexpr int epochs = 2500;

  Rng rng(7);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  const XorNetwork network(weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1}));

  State state(network.graph);
  show::Progress progress("training", epochs);
  std::vector<double> costs;
  Tensor predictions;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    const auto results = network.train(
        state, {{network.x, XorNetwork::inputs()}, {network.y, XorNetwork::targets()}});
    costs.push_back(results[0].item<double>());
    predictions = results[1];
    progress(epoch + 1, fmt::format("cost {:.6f}", costs.back()));
  }

  const auto inputs = XorNetwork::inputs().to_vector<double>(),
             targets = XorNetwork::targets().to_vector<double>();
  const auto outputs = predictions.to_vector<double>();
  int right = 0;
  fmt::print("\n  a  b   a xor b   prediction\n");
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const bool predicted = outputs[i] > 0.5;
    right += predicted == (targets[i] == 1);
    fmt::print("  {}  {}   {:7}   {} ({:.4f})\n", inputs[2 * i], inputs[2 * i + 1], targets[i],
               predicted ? 1 : 0, outputs[i]);
  }
  fmt::print("\naccuracy: {} %\n", right * 100 / 4);

  show::draw_curves(folder / "xor_cost", "Learning exclusive or", "epoch", "cost",
                    {{"cost", costs}});
  DotOptions picture{.title = "The XOR network and its gradient",
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
