// Guide: training, what makes it converge: schedules, averages of weights, L-BFGS.
#include <dagrad/train.hpp>

#include <cmath>
#include <iomanip>
#include <iostream>

using namespace dagrad;

int main() {
  std::cout << std::setprecision(3);

  // [dataset]
  const Tensor points = Rng(1).uniform({200, 2}, -1, 1);
  const Dataset data{{"x", points}, {"y", sum(points, 1)}};
  std::cout << data << "\n";
  const Dataset training = data.slice({0, 150}), held_out = data.slice({.begin = 150});
  // [/dataset]

  // [schedule]
  Graph graph;
  const Value x = graph.input("x", {f64, {150, 2}});
  const Value y = graph.input("y", {f64, {150}});
  const Value w = graph.parameter("w", Tensor::of({0.0, 0.0}));
  const Value loss = mse(matmul(x, w), y);

  const Advancing step = step_counter(graph);
  const Value rate = schedules::warm_up(step.now, schedules::cosine(step.now, 0.5, 100), 10);
  const std::vector<Update> steps = sgd(w, gradient(loss, w), rate, {.momentum = 0.9});
  // [/schedule]

  // [average]
  const ExponentialAverage average = exponential_average(w, steps, 0.9);
  const Function train =
      compile({loss, rate}, {.update = join({steps, average.updates, {step.update}})});

  State state(graph);
  for (int i = 0; i < 100; ++i) {
    const auto results = train(state, {{x, training["x"]}, {y, training["y"]}});
    if (i % 30 == 0)
      std::cout << "step " << i << ": rate " << results[1].item<double>() << ", loss "
                << results[0].item<double>() << "\n";
  }
  const State smooth = average.applied(state);
  // [/average]

  // [lbfgs]
  Graph valley;
  const Value p = valley.parameter("p", Tensor::of({-1.2, 1.0}));
  const Value height = 100 * square(p[1] - square(p[0])) + square(1 - p[0]);  // Rosenbrock 1960
  State walker(valley);
  const LbfgsResult result = lbfgs(height, p, walker);
  const bool found = std::abs(walker.get(p).at(0) - 1) < 1e-4 && result.value < 1e-9;
  std::cout << "found the minimum at [1, 1]: " << std::boolalpha << found << "\n";
  // [/lbfgs]

  return found && held_out.rows() == 50 && std::abs(smooth.get(w).at(0) - 1) < 1e-2 ? 0 : 1;
}
