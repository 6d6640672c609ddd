// Learns to read handwritten digits with 64 pixels, 64 hidden neurons and 10 classes: mini-batches,
// a stratified hold-out set, early stopping.
#include <fmt/core.h>

#include <filesystem>

#include "dagrad/dagrad.hpp"
#include "docs/examples/digits.hpp"
#include "docs/examples/show/curve.hpp"
#include "docs/examples/show/progress.hpp"

namespace {

using namespace dagrad;

using digits::classes, digits::Digits;

constexpr std::int64_t pixels = 64, hidden_neurons = 64, batch = 32;

/// The network for a batch of `n` images. Parameters have the same names for every n, so one State
/// serves all of them.
struct Network {
  Graph graph;
  Value images, labels, loss, accuracy;
  std::vector<Value> weights;

  explicit Network(std::int64_t n, std::int64_t seed = 1) {
    Rng rng(seed);
    images = graph.input("images", {f32, {n, pixels}});
    labels = graph.input("labels", {i64, {n}});
    Value x = images;
    const auto layer = [&](std::string_view name, std::int64_t in, std::int64_t out) {
      const Scope scope = graph.scope(name);
      weights.push_back(graph.parameter("w", rng.he_normal({in, out}, f32)));
      weights.push_back(graph.parameter("b", Tensor(Type{f32, {out}})));
      return matmul(x, weights[weights.size() - 2]) + weights.back();
    };
    x = relu(layer("hidden", pixels, hidden_neurons));
    const Value logits = layer("output", hidden_neurons, classes);
    loss = cross_entropy(logits, labels).named("loss");
    accuracy = mean(cast(equal(argmax(logits, 1), labels), f32)).named("accuracy");
  }
};

}  // namespace

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path data = argc > 2 ? argv[2] : "docs/examples/data/digits.csv";
  std::filesystem::create_directories(folder);

  Rng rng(1);
  const Digits all = digits::read(data);
  const auto [train_rows, test_rows] = digits::stratified(all, rng);
  const Digits test = digits::pick(all, test_rows);

  Network network(batch);
  const auto gradients = gradient(network.loss, network.weights);
  const Function train =
      compile({network.loss}, {.update = sgd(network.weights, gradients, 0.1, {.momentum = 0.9})});
  const Network whole(test.size());
  const Function evaluate_test = compile({whole.loss, whole.accuracy});

  State state(network.graph);
  constexpr int epochs = 60, patience = 8;
  show::Progress progress("training", epochs);
  std::vector<double> train_losses, test_losses;
  double best_loss = 1e9, best_accuracy = 0;
  int best_epoch = 0;
  for (int epoch = 0; epoch < epochs && epoch - best_epoch < patience; ++epoch) {
    double sum = 0;
    const auto order =
        rng.permutation(static_cast<std::int64_t>(train_rows.size())).to_vector<std::int64_t>();
    const std::size_t batches = order.size() / batch;  // images left over are used in another epoch
    for (std::size_t b = 0; b < batches; ++b) {
      std::vector<std::int64_t> rows;
      for (std::size_t i = 0; i < batch; ++i)
        rows.push_back(train_rows[static_cast<std::size_t>(order[b * batch + i])]);
      const Digits some = digits::pick(all, rows);
      sum += train(state, {{network.images, some.images}, {network.labels, some.labels}})[0]
                 .item<double>();
    }
    const auto results =
        evaluate_test(state, {{whole.images, test.images}, {whole.labels, test.labels}});
    train_losses.push_back(sum / static_cast<double>(batches));
    test_losses.push_back(results[0].item<double>());
    if (test_losses.back() < best_loss) {
      best_loss = test_losses.back();
      best_accuracy = results[1].item<double>();
      best_epoch = epoch;
    }
    progress(epoch + 1,
             fmt::format("loss {:.4f}, held out {:.4f}, accuracy {:.1f} %", train_losses.back(),
                         test_losses.back(), results[1].item<double>() * 100));
  }

  fmt::print(
      "\nstopped after epoch {}; best on the held-out fifth ({} images) at epoch {}: accuracy "
      "{:.2f} %\n",
      train_losses.size(), test.size(), best_epoch + 1, best_accuracy * 100);
  show::draw_curves(folder / "digits_loss", "Reading handwritten digits", "epoch", "cross-entropy",
                    {{"training", train_losses}, {"held out", test_losses}});
  DotOptions picture{.title = "64-64-10 network and its gradient", .fetches = {network.loss}};
  picture.fetches.insert(picture.fetches.end(), gradients.begin(), gradients.end());
  picture.only_needed = true;
  write_dot(folder / "digits_graph.dot", network.graph, picture);
  draw(folder / "digits_graph.svg", network.graph, picture);
  draw(folder / "digits_graph.png", network.graph, picture);
  fmt::print("wrote digits_loss and digits_graph (.png, .svg) to {}\n", folder.string());
  return best_accuracy >= 0.96 ? 0 : 1;
} catch (const dagrad::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
