// Guide: the XOR network at learning rates that are too small, right and too large.
#include <dagrad/train.hpp>

#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include "docs/examples/xor_network.hpp"

using namespace dagrad;

namespace {

void heading(const std::string& part) { std::cout << "== " << part << " ==\n"; }

}  // namespace

int main() {
  Rng rng(7);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  XorNetwork network(weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1}));

  // [train]
  const Value rate = network.graph.input("rate", {f64, {}});
  const std::vector<Value> parameters{network.w1, network.b1, network.w2, network.b2};
  const auto updates = sgd(parameters, network.gradients, rate);
  const Function train = compile(network.cost, {.update = updates});
  const Feeds samples{{network.x, XorNetwork::inputs()}, {network.y, XorNetwork::targets()}};
  // [/train]

  std::cout << std::setprecision(3);
  heading("range");
  // [range]
  const RateRange range =
      rate_range(train, State(network.graph), rate, [&](std::int64_t) { return samples; },
                 {.from = 1e-3, .to = 1e3, .steps = 300, .smoothing = 0});
  std::cout << range.text();
  range.draw("rates_range.svg");
  // [/range]

  heading("three");
  // [three]
  const GradientReport fresh =
      gradient_report(network.cost, parameters, network.gradients, updates);
  const Function recorded = compile({network.cost, fresh.statistics()}, {.update = updates});
  const auto costs_at = [&](double number) {
    State state(network.graph);
    GradientReport report = fresh;
    Feeds feeds = samples;
    feeds.emplace_back(rate, Tensor(number));
    std::vector<double> costs;
    for (int epoch = 0; epoch < 2500; ++epoch) {
      const auto results = (epoch % 10 == 0 ? recorded : train)(state, feeds);
      costs.push_back(results[0].item<double>());
      if (epoch % 10 == 0) report.record(epoch, results[1]);
    }
    std::cout << "rate " << number << ": cost " << costs.front() << " at first, " << costs[100]
              << " after 100 epochs, " << costs.back() << " after 2500\n";
    for (const GradientWarning& warning : report.warnings()) std::cout << warning.text << "\n";
    return costs;
  };
  const auto small = costs_at(0.01), right = costs_at(5), large = costs_at(50);
  // [/three]
  History costs({"0.01: too small", "5: right", "50: too large"});
  for (std::size_t epoch = 0; epoch < small.size(); ++epoch)
    costs.append(std::vector{small[epoch], right[epoch], large[epoch]});
  draw("rates.svg", costs,
       {.title = "Learning exclusive or at three rates", .columns = costs.columns(), .y = "cost"});
  const bool found = range.steepest > 1 && range.steepest < 20;
  return found && small.back() > 0.12 && right.back() < 1e-3 && large.back() > 0.2 ? 0 : 1;
}
