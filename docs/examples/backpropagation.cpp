// Guide: backpropagation step by step, from one neuron to a training that ends by itself.
#include <dagrad/train.hpp>

#include <cmath>
#include <iomanip>
#include <iostream>
#include <limits>
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
  return !any(not_equal(differences[1], 0)).item<bool>();
}

bool training() {
  // [model]
  const Dataset data = points_in_a_circle();
  const auto [training, held_out] = split_data(data, 0.2);

  constexpr std::int64_t batch = 32;
  Graph graph;
  Rng rng(1);
  const Value x = graph.input("x", {f64, {batch, 2}}), y = graph.input("y", {f64, {batch, 1}});
  const Value w1 = graph.parameter("hidden/w", rng.glorot_uniform({2, 16}));
  const Value b1 = graph.parameter("hidden/b", Tensor(Type{f64, {16}}));
  const Value w2 = graph.parameter("out/w", rng.glorot_uniform({16, 1}));
  const Value b2 = graph.parameter("out/b", Tensor(Type{f64, {1}}));
  const Value logits = matmul(tanh(matmul(x, w1) + b1), w2) + b2;
  const Value loss = mean(binary_cross_entropy_with_logits(logits, y));
  const std::vector<Value> weights{w1, b1, w2, b2};
  const Function step =
      compile(loss, {.update = sgd(weights, gradient(loss, weights), 0.5, {.momentum = 0.9})});
  // [/model]

  // [held_out]
  const Retyped sizes[] = {{x, held_out["point"].type()}, {y, held_out["inside"].type()}};
  const Function validate = compile(replay(graph, sizes).mapping(loss));
  const Feeds unseen{{"x", held_out["point"]}, {"y", held_out["inside"]}};
  // [/held_out]

  heading("epochs");
  // [epochs]
  State state(graph), best = state.copy();
  double least = std::numeric_limits<double>::infinity();
  int epoch = 0;
  for (int since_best = 0; since_best < 10 && epoch < 200; ++epoch) {
    const Dataset order = shuffle(training, epoch);
    for (std::int64_t row = 0; row + batch <= order.rows(); row += batch) {
      const Dataset part = order.slice({row, row + batch});
      step(state, {{x, part["point"]}, {y, part["inside"]}});
    }
    const double now = validate(state, unseen)[0].item<double>();
    if (epoch % 10 == 0) std::cout << "epoch " << epoch << ": validation " << now << "\n";
    ++since_best;
    if (now < least) {
      least = now;
      since_best = 0;
      best = state.copy();
    }
  }
  std::cout << "stopped after " << epoch << " epochs; the least validation loss was " << least
            << "\n";
  // [/epochs]
  return epoch < 200 && least < 0.4;
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

}  // namespace

int main() {
  std::cout << std::setprecision(4);
  const bool learnt = exclusive_or(), right = one_neuron(), stopped = training();
  activations();
  return learnt && right && stopped ? 0 : 1;
}
