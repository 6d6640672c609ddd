// LeNet-5 learns to read handwritten digits enlarged to 28 × 28; a stratified fifth is held out.
#include "docs/examples/lenet5.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <span>
#include <string>

#include "docs/examples/digits.hpp"
#include "docs/examples/show/curve.hpp"

namespace {

using namespace dagrad;
using digits::Digits;

constexpr std::int64_t batch = 32;
constexpr int epochs = 8;

// [network]
/// The model for a batch of `n` images. Parameters have the same names for every n, so one State
/// serves all of them.
struct Network {
  Graph graph;
  Value images, labels;
  LeNet5 model;
  Value loss, accuracy;

  explicit Network(std::int64_t n)
      : images(graph.input("images", {f32, {n, 1, 28, 28}})),
        labels(graph.input("labels", {i64, {n}})),
        model(graph, images, {}, Rng(1)),
        loss(cross_entropy(model.logits, labels).named("loss")),
        accuracy(mean(cast(equal(argmax(model.logits, 1), labels), f32)).named("accuracy")) {}

  Feeds feeds(const Digits& some) const { return {{images, some.images}, {labels, some.labels}}; }
};
// [/network]

}  // namespace

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path data = argc > 2 ? argv[2] : "docs/examples/data/digits.csv";
  std::filesystem::create_directories(folder);
  Rng rng(1);
  const Digits all = digits::enlarged(digits::read(data), 3, 28);
  const digits::Split split = digits::stratified(all, rng);
  const Digits test = digits::pick(all, split.test);
  const auto images = static_cast<std::int64_t>(split.train.size());

  std::vector<double> train_losses, test_losses;
  double accuracy = 0;
  // [train]
  Network network(batch);
  const auto& weights = network.model.weights;
  const Advancing step = step_counter(network.graph);
  const double steps = static_cast<double>(epochs * (images / batch));
  const Value rate = 2e-3 * (1 - cast(step.now, f32) / steps);
  const auto updates = adam(weights, gradient(network.loss, weights), rate, {.step = step});
  const Function train = compile(network.loss, {.update = updates});
  const Network whole(test.size());
  const Function evaluate_test = compile({whole.loss, whole.accuracy});

  State state(network.graph);
  for (int epoch = 0; epoch < epochs; ++epoch) {
    double sum = 0;
    const auto order = rng.permutation(images).to_vector<std::int64_t>();
    for (std::int64_t at = 0; at + batch <= images; at += batch) {
      std::vector<std::int64_t> rows;
      for (std::int64_t i = at; i < at + batch; ++i)
        rows.push_back(split.train[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
      sum += train(state, network.feeds(digits::pick(all, rows)))[0].item<float>();
    }
    const auto results = evaluate_test(state, whole.feeds(test));
    train_losses.push_back(sum / static_cast<double>(images / batch));
    test_losses.push_back(results[0].item<float>());
    accuracy = results[1].item<float>();
    fmt::print("epoch {}: loss {:.3f}, held out {:.3f}\n", epoch + 1, train_losses.back(),
               test_losses.back());
  }
  // [/train]
  std::int64_t parameters = 0;
  for (const Value& weight : weights) parameters += weight.size();
  fmt::print("{} parameters; {} held-out images, {:.1f} % correct\n", parameters, test.size(),
             accuracy * 100);
  show::draw_curves(folder / "lenet5_loss", "Reading handwritten digits", "epoch", "cross-entropy",
                    {{"training", train_losses}, {"held out", test_losses}});
  const DotOptions picture{.title = "LeNet-5", .fetches = {network.loss}, .only_needed = true};
  write_dot(folder / "lenet5_graph.dot", network.graph, picture);
  draw(folder / "lenet5_graph.svg", network.graph, picture);
  return accuracy >= 0.98 ? 0 : 1;
} catch (const dagrad::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
