// LeNet-5 learns to read handwritten digits enlarged to 28 × 28; a stratified fifth is held out.
#include "docs/examples/lenet5.hpp"

#include <fmt/core.h>

#include <filesystem>

#include "dagrad/train.hpp"
#include "docs/examples/digits.hpp"

using namespace dagrad;

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const std::filesystem::path file = argc > 2 ? argv[2] : "docs/examples/data/digits.csv";
  std::filesystem::create_directories(folder);
  const digits::Digits all = digits::enlarged(digits::read(file), 3, 28);
  const Dataset data{{"image", all.images}, {"digit", all.labels}};

  // [network]
  constexpr std::int64_t batch = 32, epochs = 8;
  Graph graph;
  const Value images = graph.input("images", {f32, {batch, 1, 28, 28}});
  const Value labels = graph.input("labels", {i64, {batch}});
  const LeNet5 network(graph, images, {}, Rng(1));
  const Value loss = cross_entropy(network.logits, labels).named("loss");
  const Value accuracy = mean(cast(equal(argmax(network.logits, 1), labels), f32));
  // [/network]

  // [train]
  const Advancing step = step_counter(graph);
  const double steps = std::ceil(0.8 * static_cast<double>(data.rows()) / batch) * epochs;
  const Value rate = 2e-3 * (1 - cast(step.now, f32) / steps);
  const Model model{
      .loss = loss,
      .update = adam(network.weights, gradient(loss, network.weights), rate, {.step = step}),
      .inputs = {{images, "image"}, {labels, "digit"}},
      .metrics = {{"accuracy", accuracy}},
      .rate = rate};

  State state(graph);
  const auto report = [](const EpochEvent& event) {
    const History& so_far = event.history;
    fmt::print("epoch {}: loss {:.3f}, held out {:.3f}\n", so_far.epochs(), so_far["loss"].back(),
               so_far["validation"].back());
  };
  const Fitted fitted =
      fit(model, state, data,
          {.epochs = epochs, .key = 2, .hold_out = 0.2, .stratify = "digit", .on_epoch = report});
  // [/train]
  const double last = fitted.history["accuracy"].back();
  std::int64_t parameters = 0;
  for (const Value& weight : network.weights) parameters += weight.size();
  fmt::print("{} parameters; {:.1f} % of the held-out images correct\n", parameters, last * 100);
  for (const char* const curves : {"lenet5_loss.svg", "lenet5_loss.png"})
    draw(folder / curves, fitted.history,
         {.title = "Reading handwritten digits", .y = "cross-entropy"});
  const PictureOptions picture{.title = "LeNet-5", .fetches = {loss}, .only_needed = true};
  write_dot(folder / "lenet5_graph.dot", graph, picture);
  draw(folder / "lenet5_graph.svg", graph, picture);
  return last >= 0.98 ? 0 : 1;
} catch (const dagrad::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
