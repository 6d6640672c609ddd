// Examples: Newton's method with an exact Hessian.
#include <dagrad/dagrad.hpp>

#include <iomanip>
#include <iostream>

using namespace dagrad;

int main() {
  // [step]
  Graph graph;
  const Value x = graph.parameter("x", Tensor::of({-1.2, 1.0}));
  const Value head = slice(x, 0, {.end = -1}), tail = slice(x, 0, {.begin = 1});
  const Value y = sum(100 * square(tail - square(head)) + square(1 - head));  // Rosenbrock 1960

  const Value slope = gradient(y, x), curvature = hessian(y, x);
  const Function newton = compile({y, norm(slope)}, {.update = {{x, x - solve(curvature, slope)}}});
  // [/step]

  // [run]
  State state(graph);
  std::cout << std::setprecision(4);
  double size = 1;
  int steps = 0;
  for (; size > 1e-4 && steps < 20; ++steps) {
    const Tensor at = state.get(x);
    const auto results = newton(state);
    size = results[1].item<double>();
    std::cout << "x = (" << at.at(0) << ", " << at.at(1) << "), y = " << results[0].item<double>()
              << ", |slope| = " << size << "\n";
  }
  // [/run]

  // [end]
  std::cout << std::fixed << "x = (" << state.get(x).at(0) << ", " << state.get(x).at(1) << ")\n";
  // [/end]
  const Difference off = compare(state.get(x), Tensor::of({1.0, 1.0}), 1e-8);
  if (off.close && steps <= 6) return 0;
  std::cerr << "not at (1, 1) after " << steps << " steps: " << off.text << "\n";
  return 1;
}
