// Guide: gradients that explode in a recurrent network, and what helps.
#include <dagrad/train.hpp>

#include <algorithm>
#include <functional>
#include <iomanip>
#include <iostream>
#include <string>

using namespace dagrad;

namespace {

constexpr std::int64_t rows = 32, length = 40, width = 32;
constexpr int steps = 300;

// [cells]
/// What a step hands to the next one. Only an LSTM uses the memory in it.
using Carried = layers::LstmState;
/// Reads one number of the sequence.
using Step = std::function<Carried(const Value& number, const Carried& before)>;
/// Makes the weights of a recurrent cell.
using Cell = Step (*)(layers::Network& network);

Step recurrent(layers::Network& network, double input, const Initializer& initial) {
  const Value in = network.weight("in", {1, width}, initializers::normal(0, input));
  const Value w = network.weight("recurrent", {width, width}, initial);
  return [=](const Value& number, const Carried& before) {
    return Carried{tanh(number * in + matmul(before.hidden, w)), {}};
  };
}
Step plain(layers::Network& network) {
  return recurrent(network, 1, initializers::glorot_normal(3));
}
// [/cells]

// [cures]
Step with_orthogonal(layers::Network& network) {
  return recurrent(network, 0.1, initializers::orthogonal());
}

Step with_norm(layers::Network& network) {
  const Value in = network.weight("in", {1, width}, initializers::normal(0, 1));
  const Value w = network.weight("recurrent", {width, width}, initializers::glorot_normal(3));
  const Value scale = network.weight("scale", {width}, initializers::constant(1));
  const Value shift = network.weight("shift", {width}, initializers::constant(0));
  return [=](const Value& number, const Carried& before) {
    return Carried{tanh(layer_norm(number * in + matmul(before.hidden, w), scale, shift)), {}};
  };
}

Step with_gates(layers::Network& network) {
  const layers::LstmCell cell = layers::lstm_cell(network, "lstm", 1, width);
  return [=](const Value& number, const Carried& before) { return cell(number, before); };
}
// [/cures]

// [train]
struct Trained {
  GradientReport report;
  double largest = 0;  ///< norm of the gradient in any step, before clipping
  double loss = 0;     ///< the mean of the last 50 steps
};

/// Trains the cell to repeat the first of 40 numbers at the end.
Trained train(Cell cell, bool clip = false) {
  Graph graph;
  const Value x = graph.input("x", {f32, {rows, length}});
  layers::Network network(graph, 1);
  const Step step = cell(network);
  const Value zeros = graph.constant(Tensor(Type{f32, {rows, width}}));
  Carried state{zeros, zeros};
  // [states]
  std::vector<Value> states;
  for (std::int64_t t = 0; t < length; ++t) {
    const Scope scope = graph.scope("time" + std::to_string(t));
    state = step(x[{{}, {t, t + 1}}], state);
    states.push_back(state.hidden);
  }
  // [/states]
  const Value answer = layers::linear(network, "out", state.hidden, 1);
  const Value loss = mse(answer, x[{{}, {0, 1}}]);
  const std::vector<Value>& weights = network.weights();

  // [updates]
  const std::vector<Value> gradients = gradient(loss, weights);
  const Clipped clipped = clip_by_global_norm(gradients, 1.0);
  const auto updates = sgd(weights, clip ? clipped.gradients : gradients, 0.05, {.momentum = 0.9});
  GradientReport report = gradient_report(loss, states, gradient(loss, states), {});
  // [/updates]
  const Function train = compile({loss, clipped.norm}, {.update = updates});
  const Function recorded = compile({loss, clipped.norm, report.statistics()}, {.update = updates});

  State values(graph);
  double largest = 0, mean = 0;
  for (int i = 0; i < steps; ++i) {
    const Feeds feeds{{x, Rng(i).uniform({rows, length}, -1, 1, f32)}};
    const std::vector<Tensor> results = (i % 10 == 0 ? recorded : train)(values, feeds);
    if (i % 10 == 0) report.record(i, results[2]);
    largest = std::max(largest, results[1].item<double>());
    if (i >= steps - 50) mean += results[0].item<double>() / 50;
  }
  return {std::move(report), largest, mean};
}
// [/train]

void heading(const std::string& part) { std::cout << "== " << part << " ==\n"; }

}  // namespace

int main() {
  const Trained exploded = train(plain);
  heading("warnings");
  // [warnings]
  for (const GradientWarning& warning : exploded.report.warnings({.steps = 30}))
    std::cout << warning.text << "\n";
  exploded.report.draw("exploding_map.svg");
  // [/warnings]

  heading("cures");
  std::cout << "                             time0 / time39   largest norm    loss\n"
            << std::setprecision(2);
  // [table]
  const auto show = [](const std::string& name, const Trained& trained) {
    const std::vector<LayerSeries>& times = trained.report.layers();
    std::cout << std::left << std::setw(30) << name << std::right << std::setw(13)
              << times.front().gradient[0] / times.back().gradient[0] << std::setw(15)
              << trained.largest << std::setw(8) << trained.loss << "\n";
    return trained.loss;
  };
  const double broken = show("normal weights", exploded);
  const double clipped = show("normal weights, clipped", train(plain, true));
  const double orthogonal = show("orthogonal weights, clipped", train(with_orthogonal, true));
  const double norm = show("layer norm", train(with_norm));
  const double lstm = show("LSTM", train(with_gates));
  // [/table]
  const bool learnt = std::max({clipped, orthogonal, norm, lstm}) < 0.3;
  return broken > 0.3 && learnt ? 0 : 1;
}
