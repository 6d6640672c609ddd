// Guide, first page: build, differentiate, run, train.
#include <dagrad/dagrad.hpp>

#include <cmath>
#include <iostream>

using namespace dagrad;

int main() {
  // [build]
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value y = sum(sin(x) * x);
  // [/build]

  // [differentiate]
  const Value dx = gradient(y, x);         // sin(x) + x cos(x)
  const Value d2x = gradient(sum(dx), x);  // 2 cos(x) - x sin(x)
  // [/differentiate]

  // [evaluate]
  const std::vector<Value> wanted{y, dx, d2x};
  const auto values = evaluate(wanted, {{x, Tensor::of({0.0, 1.0, 2.0})}});
  std::cout << "y   = " << values[0] << "\ndx  = " << values[1] << "\nd2x = " << values[2] << "\n";
  // [/evaluate]

  // [compile]
  const Function f = compile({y, dx});
  for (const double at : {0.5, 1.5}) {
    const auto results = f({{x, Tensor::full({f64, {3}}, at)}});
    std::cout << "at " << at << ": y = " << results[0] << "\n";
  }
  // [/compile]

  // [train]
  Graph model;
  const Value points = model.input("points", {f64, {5, 1}});
  const Value targets = model.input("targets", {f64, {5, 1}});
  const Value slope = model.parameter("slope", Tensor::of({{0.0}}));
  const Value offset = model.parameter("offset", Tensor(0.0));
  const Value loss = mse(matmul(points, slope) + offset, targets);

  const std::vector<Value> weights{slope, offset};
  const Function train = compile({loss}, {.update = sgd(weights, gradient(loss, weights), 0.05)});

  State state(model);  // the parameters' values
  double last = 0;
  for (int step = 0; step < 500; ++step) {
    const auto results =
        train(state, {{points, Tensor::of({{-2.0}, {-1.0}, {0.0}, {1.0}, {2.0}})},
                      {targets, Tensor::of({{-5.0}, {-3.0}, {-1.0}, {1.0}, {3.0}})}});
    last = results[0].item<double>();
  }
  std::cout << "slope = " << state.get("slope") << ", offset = " << state.get("offset") << "\n";
  // [/train]

  const auto second = values[2].to_vector<double>();
  const bool right =
      std::abs(second[1] - (2 * std::cos(1.0) - std::sin(1.0))) < 1e-12 && last < 1e-6;
  return right ? 0 : 1;
}
