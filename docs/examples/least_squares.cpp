// A nonlinear least-squares fit of the columns of a CSV file, by the method of Gauss and Newton.
#include <dagrad/dagrad.hpp>

#include <iomanip>
#include <iostream>

using namespace dagrad;

int main(int argc, char** argv) {
  if (argc < 2) return 2;

  // [data]
  const Csv table = read_csv(argv[1], f64, {.finite = true});
  const Tensor distance = table.column("distance"), response = table.column("response");
  // [/data]

  // [model]
  Graph graph;
  const Value x = graph.constant(distance), y = graph.constant(response);
  const Value b = graph.parameter("b", Tensor::of({0.15, 0.008, 0.01}));

  // Every observation has a row of parameters of its own, so that one gradient gives all rows of
  // the Jacobian.
  const Value rows = broadcast_to(b, {x.size(), b.size()});
  const Value fit = exp(-rows[{{}, 0}] * x) / (rows[{{}, 1}] + rows[{{}, 2}] * x);
  const Value residuals = y - fit;
  const Value jacobian = gradient(sum(fit), rows);
  // [/model]

  // [step]
  const Value normal = matmul(transpose(jacobian), jacobian);
  const Value step = solve(normal, matmul(transpose(jacobian), residuals));
  const Value squares = sum(square(residuals));
  const Function improve = compile({squares, max(abs(step / b))}, {.update = {{b, b + step}}});
  // [/step]

  // [fit]
  State state(graph);
  std::cout << std::setprecision(8);
  int steps = 0;
  for (double change = 1; change > 1e-8 && steps < 50; ++steps) {
    const auto results = improve(state);
    change = results[1].item<double>();
    std::cout << "step " << steps << ": sum of squares " << results[0].item<double>() << "\n";
  }
  const Tensor found = state.get(b);
  std::cout << "b = " << found << "\n";

  const Tensor fitted = compile(fit)(state)[0];
  write_csv("fit.csv", {{"distance", distance}, {"response", response}, {"fitted", fitted}});
  // [/fit]

  // The certified values.
  const Tensor wanted = Tensor::of({1.6657666537e-1, 5.1653291286e-3, 1.2150007096e-2});
  return steps < 50 && compare(found, wanted, 1e-7).close ? 0 : 1;
}
