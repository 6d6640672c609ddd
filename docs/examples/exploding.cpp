// Guide: gradients that explode in a recurrent network, and what helps.
#include <dagrad/train.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>

#include "docs/examples/lstm.hpp"

using namespace dagrad;

namespace {

constexpr std::int64_t rows = 32, length = 40, width = 32;
constexpr int steps = 300;

// [cells]
/// Advances the state by one number of the sequence.
using Step = std::function<CellState(const Value& number, const CellState& before)>;
using Weight = std::function<Value(std::string_view name, const Tensor& initial)>;
/// Makes the weights of a cell.
using Cell = Step (*)(const Weight&, Rng&);

Tensor normal(Rng& rng, const Shape& shape, double gain) {
  return rng.normal(shape, 0, gain / std::sqrt(static_cast<double>(shape[0])), f32);
}

Step plain(const Weight& weight, Rng& rng) {
  const Value in = weight("in", normal(rng, {1, width}, 1));
  const Value recurrent = weight("recurrent", normal(rng, {width, width}, 3));
  return [=](const Value& number, const CellState& before) -> CellState {
    return {tanh(number * in + matmul(before.hidden, recurrent)), {}};
  };
}
// [/cells]

/// A permutation, which is orthogonal.
Tensor orthogonal(Rng& rng) {
  Graph graph;
  return evaluate(one_hot(graph.constant(rng.permutation(width)), width, f32));
}

// [cures]
Step with_orthogonal(const Weight& weight, Rng& rng) {
  const Value in = weight("in", normal(rng, {1, width}, 0.3));
  const Value recurrent = weight("recurrent", orthogonal(rng));
  return [=](const Value& number, const CellState& before) -> CellState {
    return {tanh(number * in + matmul(before.hidden, recurrent)), {}};
  };
}

Step with_norm(const Weight& weight, Rng& rng) {
  const Value in = weight("in", normal(rng, {1, width}, 1));
  const Value recurrent = weight("recurrent", normal(rng, {width, width}, 3));
  const Value scale = weight("scale", Tensor::full({f32, {width}}, 1));
  const Value shift = weight("shift", Tensor(Type{f32, {width}}));
  return [=](const Value& number, const CellState& before) -> CellState {
    return {tanh(layer_norm(number * in + matmul(before.hidden, recurrent), scale, shift)), {}};
  };
}

Step with_gates(const Weight& weight, Rng& rng) {  // an LSTM
  const Value in = weight("in", normal(rng, {1, 4 * width}, 1));
  const Value recurrent = weight("recurrent", normal(rng, {width, 4 * width}, 1));
  const Value bias = weight("forget", Tensor::full({f32, {width}}, 2));
  return [=](const Value& number, const CellState& before) {
    const Value all = number * in + matmul(before.hidden, recurrent);
    const auto part = [&](std::int64_t i) { return all[{{}, {i * width, (i + 1) * width}}]; };
    return advance(before, {.in = sigmoid(part(0)),
                            .forget = sigmoid(part(1) + bias),
                            .change = tanh(part(2)),
                            .out = sigmoid(part(3))});
  };
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
  Rng rng(1);
  std::vector<Value> weights;
  const auto weight = [&](std::string_view name, const Tensor& initial) {
    weights.push_back(graph.parameter(name, initial));
    return weights.back();
  };
  const Value x = graph.input("x", {f32, {rows, length}});
  const Value zeros = graph.constant(Tensor(Type{f32, {rows, width}}));
  const Step step = cell(weight, rng);
  CellState state{zeros, zeros};
  // [states]
  std::vector<Value> states;
  for (std::int64_t t = 0; t < length; ++t) {
    const Scope scope = graph.scope("time" + std::to_string(t));
    state = step(x[{{}, {t, t + 1}}], state);
    states.push_back(state.hidden);
  }
  // [/states]
  const Value out = weight("out", normal(rng, {width, 1}, 1));
  const Value loss = mse(matmul(state.hidden, out), x[{{}, {0, 1}}]);

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
  return broken > 0.3 && clipped < 0.2 && orthogonal < 0.2 && norm < 0.2 && lstm < 0.2 ? 0 : 1;
}
