// Guide: gradients that vanish in a deep network, and what helps.
#include <dagrad/train.hpp>

#include <iomanip>
#include <iostream>
#include <string>

using namespace dagrad;

namespace {

constexpr std::int64_t rows = 64, width = 32;
constexpr int depth = 20, steps = 300;

// [kinds]
/// Makes a hidden layer in the scope of its name.
using Layer = Value (*)(layers::Network& network, const std::string& name, const Value& x);

const layers::LinearOptions glorot{.weight = initializers::glorot_normal()},
    larger{.weight = initializers::glorot_normal(4)}, he{.weight = initializers::he_normal()};

Value sigmoids(layers::Network& network, const std::string& name, const Value& x) {
  return sigmoid(layers::linear(network, name, x, width, glorot));
}
Value larger_sigmoids(layers::Network& network, const std::string& name, const Value& x) {
  return sigmoid(layers::linear(network, name, x, width, larger));
}
Value tanhs(layers::Network& network, const std::string& name, const Value& x) {
  return tanh(layers::linear(network, name, x, width, glorot));
}
Value relus(layers::Network& network, const std::string& name, const Value& x) {
  return relu(layers::linear(network, name, x, width, he));
}
Value normalised(layers::Network& network, const std::string& name, const Value& x) {
  return sigmoids(network, name, layers::layer_norm(network, name + "_norm", x));
}
Value residual(layers::Network& network, const std::string& name, const Value& x) {
  return x + sigmoids(network, name, x);
}
// [/kinds]

// [train]
struct Trained {
  Graph graph;
  Value loss;
  GradientReport report;
  double accuracy = 0;  ///< the mean of the last 50 batches
};

/// Trains a network of 20 such layers to read digits.
Trained train(Layer layer, const Csv& digits, bool clip = false) {
  Graph graph;
  const Value x = graph.input("x", {f32, {rows, 64}}), y = graph.input("y", {i64, {rows}});
  // [network]
  layers::Network network(graph, 1);
  Value hidden = layers::linear(network, "in", x / 16, width);
  for (int i = 1; i <= depth; ++i) hidden = layer(network, "layer" + std::to_string(i), hidden);
  const Value logits = layers::linear(network, "out", hidden, 10);
  // [/network]
  const Value loss = cross_entropy(logits, y);
  const Value right = mean(cast(equal(argmax(logits, -1), y), f32));
  const std::vector<Value>& weights = network.weights();

  std::vector<Value> gradients = gradient(loss, weights);
  if (clip) gradients = clip_by_global_norm(gradients, 1.0).gradients;
  const auto updates = sgd(weights, gradients, 0.02, {.momentum = 0.9});
  // [report]
  GradientReport report = gradient_report(loss, weights, gradients, updates);
  const Function step = compile(right, {.update = updates});
  const Function recorded = compile({right, report.statistics()}, {.update = updates});

  State state(graph);
  double accuracy = 0;
  for (int i = 0; i < steps; ++i) {
    const Tensor batch =
        take(digits.values, Rng(i).integers({rows}, 0, digits.values.shape()[0]), 0);
    const Feeds feeds{{x, batch[{{}, {0, 64}}]}, {y, batch[{{}, 64}].cast(i64)}};
    const std::vector<Tensor> results = (i % 10 == 0 ? recorded : step)(state, feeds);
    if (i % 10 == 0) report.record(i, results[1]);
    if (i >= steps - 50) accuracy += results[0].item<double>() / 50;
  }
  // [/report]
  return {std::move(graph), loss, std::move(report), accuracy};
}
// [/train]

/// How many times larger the gradients of the last layer are than those of the first, at the first
/// step.
double shrinking(const GradientReport& report) {
  const auto size = [&](const std::string& name) {
    for (const LayerSeries& layer : report.layers())
      if (layer.name == name) return layer.gradient_size()[0];
    return 0.0;
  };
  return size("layer20") / size("layer1");
}

void heading(const std::string& part) { std::cout << "== " << part << " ==\n"; }

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const Csv digits = read_csv(argv[1], f32);  // 64 pixels, 0 to 16, and the digit that they show

  Trained vanished = train(sigmoids, digits);
  heading("text");
  // [text]
  std::cout << vanished.report.text(false);
  // [/text]

  heading("warnings");
  // [warnings]
  for (const GradientWarning& warning : vanished.report.warnings())
    std::cout << warning.text << "\n";
  // [/warnings]

  // [pictures]
  vanished.report.draw("vanishing_map.svg");
  vanished.report.write_csv("vanishing.csv");
  const PictureOptions picture{.title = "Gradients after 290 steps",
                           .fetches = {vanished.loss},
                           .only_needed = true,
                           .open_scopes = 0,
                           .legend = false,
                           .marks = vanished.report.marks()};
  write_dot("vanishing_graph.dot", vanished.graph, picture);
  write_svg("vanishing_graph.svg", vanished.graph, picture);
  // [/pictures]

  heading("cures");
  std::cout << "                              layer20 / layer1   right   warnings\n"
            << std::setprecision(2);
  // [cures]
  const auto show = [](const std::string& name, const Trained& trained) {
    std::cout << std::left << std::setw(28) << name << std::right << std::setw(18)
              << shrinking(trained.report) << std::setw(6) << 100 * trained.accuracy << " %";
    for (const GradientWarning& warning : trained.report.warnings())
      std::cout << "   " << to_string(warning.fault);
    std::cout << "\n";
    return trained.accuracy;
  };
  const double broken = show("sigmoid, Glorot", vanished);
  show("sigmoid, four times as large", train(larger_sigmoids, digits));
  show("tanh, Glorot", train(tanhs, digits));
  show("relu, He", train(relus, digits));
  const double clipped = show("relu, He, clipped", train(relus, digits, true));
  const double normal = show("sigmoid, layer norm", train(normalised, digits));
  const double best = show("sigmoid, residual", train(residual, digits));
  // [/cures]
  const bool as_told = vanished.report.warnings()[0].fault == GradientFault::vanishing;
  return as_told && broken < 0.2 && clipped > 3 * broken && normal > 0.7 && best > 0.9 ? 0 : 1;
}
