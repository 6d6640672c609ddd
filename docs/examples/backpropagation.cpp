// Guide: backpropagation step by step, from one neuron to a training that ends by itself.
#include <dagrad/train.hpp>

#include <cmath>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include "docs/examples/xor_network.hpp"

using namespace dagrad;

namespace {

void heading(const std::string& part) { std::cout << "== " << part << " ==\n"; }

/// Points in a square, and whether they lie inside a circle; one label in twenty is wrong.
Dataset points_in_a_circle() {
  constexpr std::int64_t rows = 500;
  Rng rng(3);
  const Tensor points = rng.uniform({rows, 2}, -1, 1);
  std::vector<double> inside;
  for (std::int64_t row = 0; row < rows; ++row)
    inside.push_back((std::hypot(points.at(2 * row), points.at(2 * row + 1)) < 0.7) !=
                     (row % 20 == 0));
  return {{"point", points}, {"inside", Tensor({rows, 1}, inside)}};
}

bool exclusive_or() {
  heading("xor");
  // [xor]
  Rng rng(7);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  const XorNetwork network(weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1}));
  State state(network.graph);
  std::vector<Tensor> results;  // the cost and the predictions
  for (int epoch = 0; epoch < 2500; ++epoch)
    results = network.train(
        state, {{network.x, XorNetwork::inputs()}, {network.y, XorNetwork::targets()}});

  const Tensor predicted = greater(results[1], 0.5);
  const Tensor right = equal(predicted, greater(XorNetwork::targets(), 0.5));
  std::cout << "cost " << results[0] << "\npredictions " << predicted.reshaped({4}) << "\naccuracy "
            << 100 * mean(right.cast(f64)).item<double>() << " %\n";
  // [/xor]

  heading("mechanism");
  // [mechanism]
  int forward = 0, backward = 0;
  for (const Node& node : network.graph.nodes())
    ++(node.gradient_order() == 0 ? forward : backward);
  std::cout << forward << " nodes forward, " << backward << " backward\n";
  // [/mechanism]
  return all(right).item<bool>();
}

bool one_neuron() {
  // [neuron]
  Graph graph;
  const Value x = graph.input("x", {f64, {1, 2}});
  const Value y = graph.input("y", {f64, {1, 1}});
  const Value w = graph.parameter("w", Tensor::of({{0.5}, {-0.25}}));
  const Value b = graph.parameter("b", Tensor::of({0.1}));

  const Value z = matmul(x, w) + b;
  const Value a = sigmoid(z);
  const Feeds sample{{x, Tensor::of({{1.0, 2.0}})}, {y, Tensor::of({{1.0}})}};
  // [/neuron]
  heading("forward");
  // [forward]
  const auto forward = evaluate({z, a}, sample);
  std::cout << "z = " << forward[0] << "\na = " << forward[1] << "\n";
  // [/forward]

  heading("loss");
  // [loss]
  const Value squared = sum(half_squared_error(a, y));    // ½ (y - a)²
  const Value entropy = sum(binary_cross_entropy(a, y));  // -y log a - (1 - y) log(1 - a)
  const auto losses = evaluate({squared, entropy}, sample);
  std::cout << "squared error " << losses[0] << "\ncross-entropy " << losses[1] << "\n";
  // [/loss]

  heading("backward");
  // [backward]
  const std::vector<Value> slopes = gradient(squared, {a, z, w, b});
  const auto numbers = evaluate(slopes, sample);
  std::cout << "dL/da = " << numbers[0] << "\ndL/dz = " << numbers[1] << "\ndL/dw = " << numbers[2]
            << "\ndL/db = " << numbers[3] << "\n";
  // [/backward]

  heading("formulas");
  // [formulas]
  const Value slope = a * (1 - a);  // f'(z) of the sigmoid
  const Value by_hand_w = matmul(transpose(x), (a - y) * slope);
  const Value by_hand_b = sum((a - y) * slope, {0});
  const auto differences = evaluate({by_hand_w - slopes[2], by_hand_b - slopes[3]}, sample);
  std::cout << "by hand, dL/dw differs by " << differences[0] << "\nand dL/db by " << differences[1]
            << "\n";
  // [/formulas]

  heading("rule");
  // [rule]
  std::cout << to_string(slopes[1].node()) << "\n";
  // [/rule]

  heading("update");
  // [update]
  const Function step = compile(squared, {.update = sgd({w, b}, {slopes[2], slopes[3]}, 0.5)});
  State state(graph);
  step(state, sample);
  std::cout << "w = " << state.get(w) << "\nb = " << state.get(b) << "\n";
  // [/update]
  return std::abs(differences[1].at(0)) < 1e-15;
}

bool training() {
  // [model]
  const Dataset data = points_in_a_circle();
  Graph graph;
  const Value x = graph.input("x", {f64, {32, 2}}), y = graph.input("y", {f64, {32, 1}});
  layers::Network network(graph, 1, {.dtype = f64});
  const Value hidden = tanh(layers::linear(network, "hidden", x, 16));
  const Value logits = layers::linear(network, "out", hidden, 1);
  const Value loss = mean(binary_cross_entropy_with_logits(logits, y));
  const auto gradients = gradient(loss, network.weights());
  const Model model{.loss = loss,
                    .update = sgd(network.weights(), gradients, 0.1, {.momentum = 0.9}),
                    .inputs = {{x, "point"}, {y, "inside"}}};
  // [/model]

  heading("fit");
  // [fit]
  State state(graph);
  const auto print = [](EpochEvent& event) {
    if (event.history.epochs() % 10 == 0)
      std::cout << "epoch " << event.history.epochs() << ": validation "
                << event.history["validation"].back() << "\n";
  };
  const Fitted fitted = fit(model, state, data,
                            {.epochs = 200,
                             .hold_out = 0.2,
                             .patience = 10,
                             .on_epoch = print,
                             .progress = ProgressStyle::none});
  std::cout << fitted << "\n";
  // [/fit]
  return fitted.stopped == Stopped::patience && fitted.best_epoch > 0;
}

void activations() {
  heading("activations");
  // [activations]
  Graph graph;
  const Value z = graph.input("z", {f64, {3}});
  const Feeds points{{z, Tensor::of({-4.0, 0.5, 4.0})}};
  const auto show = [&](const std::string& name, const Value& activation) {
    std::cout << std::setw(10) << name << ": " << evaluate(gradient(sum(activation), z), points)
              << "\n";
  };
  show("sigmoid", sigmoid(z));
  show("tanh", tanh(z));
  show("relu", relu(z));
  show("leaky_relu", leaky_relu(z));
  show("gelu", gelu(z));
  // [/activations]
}

void learning_rates() {
  heading("rates");
  // [rates]
  for (const double rate : {0.01, 0.4, 1.1}) {
    Graph graph;
    const Value w = graph.parameter("w", Tensor(1.0));
    const Value loss = square(w);
    const Function step = compile(loss, {.update = sgd(w, gradient(loss, {w}), rate)});
    State state(graph);
    for (int i = 0; i < 20; ++i) step(state);
    std::cout << "rate " << rate << ": w = " << state.get(w) << "\n";
  }
  // [/rates]
}

bool deep_chains() {
  heading("deep");
  // [deep]
  Graph graph;
  const Value x = graph.parameter("x", Tensor(0.5));
  Value sigmoids = x, products = x;
  for (int i = 0; i < 20; ++i) {
    sigmoids = sigmoid(sigmoids);
    products = 3 * products;
  }
  const Tensor vanished = evaluate(gradient(sigmoids, x));
  std::cout << "through 20 sigmoids: " << vanished << "\n"
            << "through 20 products: " << evaluate(gradient(products, x)) << "\n";
  // [/deep]
  return vanished.item<double>() < 1e-12;
}

}  // namespace

int main() {
  std::cout << std::setprecision(4);
  const bool learnt = exclusive_or(), right = one_neuron(), stopped = training();
  activations();
  learning_rates();
  return learnt && right && stopped && deep_chains() ? 0 : 1;
}
