// Linear regression: in closed form, and by minimising the loss. Both against certified results.
#include <dagrad/train.hpp>

#include <iomanip>
#include <iostream>

using namespace dagrad;

int main(int argc, char** argv) {
  if (argc < 2) return 2;

  // [data]
  const Dataset data = read_csv_dataset(
      argv[1], {{"x", f64, {"deflator"}, "year"}, {"y", f64, {"employed"}}}, {.finite = true});
  std::cout << data << "\n";
  const Standardizer x_units(data["x"]), y_units(data["y"]);
  // [/data]

  // [closed_form]
  // Standardised columns have mean 0, so that no constant term is needed.
  Graph graph;
  const Value x = graph.constant(x_units.apply(data["x"]));  // [16,6]
  const Value y = graph.constant(y_units.apply(data["y"]));  // [16,1]
  const Value normal = matmul(transpose(x), x);
  const Tensor closed_form = evaluate(solve(normal, matmul(transpose(x), y)));
  // [/closed_form]

  // [minimise]
  const Value w = graph.parameter("w", Tensor(Type{f64, {6, 1}}));
  const Value fitted = matmul(x, w);
  State state(graph);
  lbfgs(mse(fitted, y), w, state, {}, {.gradient_tolerance = 1e-12, .value_tolerance = 0});
  const Tensor minimised = state.get(w);
  const bool same = compare(minimised, closed_form, 1e-6).close;
  std::cout << "the same as in closed form: " << std::boolalpha << same << "\n";
  // [/minimise]

  // [units]
  // Back from standard deviations to the units of the data.
  double constant = y_units.mean().at(0);
  std::vector<double> slopes;
  for (std::int64_t i = 0; i < 6; ++i) {
    slopes.push_back(closed_form.at(i) * y_units.scale().at(0) / x_units.scale().at(i));
    constant -= slopes.back() * x_units.mean().at(i);
  }
  // [/units]

  // [metrics]
  const Tensor predicted = y_units.undo(compile(fitted)(state)[0]);
  const double r_squared = metrics::r_squared(predicted, data["y"]);
  const double error = metrics::mean_absolute_error(predicted, data["y"]);
  std::cout << std::setprecision(6) << "R² " << r_squared << ", mean absolute error " << error
            << " thousand people\n";
  // [/metrics]

  std::cout << std::setprecision(8) << "constant " << constant << ", slopes";
  for (const double slope : slopes) std::cout << " " << slope;
  std::cout << "\n";

  // NIST's certified values, and the metrics of scikit-learn (tests/golden/example_figures.py).
  const Tensor certified = Tensor::of({15.0618722713733, -0.035819179292591, -2.02022980381683,
                                       -1.03322686717359, -0.0511041056535807, 1829.15146461355});
  return same && compare(Tensor::of(slopes), certified, 1e-9).close &&
                 std::abs(constant / -3482258.63459582 - 1) < 1e-9 &&
                 std::abs(r_squared - 0.995479004577294) < 1e-9 &&
                 std::abs(error / 179.371521173889 - 1) < 1e-4
             ? 0
             : 1;
}
