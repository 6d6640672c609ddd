// Jacobians and Hessians: products, dense and sparse matrices, in an optimiser.
#include <dagrad/dagrad.hpp>
#include <dagrad/train.hpp>

#include <cmath>
#include <iomanip>
#include <iostream>

using namespace dagrad;

/// Broyden's tridiagonal function (Moré, Garbow and Hillstrom 1981).
Value broyden(const Value& x) {
  const std::int64_t n = x.size();
  const Value before = pad(x[{{0, n - 1}}], {1}, {0}), after = pad(x[{{1, n}}], {0}, {1});
  return (3 - 2 * x) * x - before - 2 * after + 1;
}

int main() {
  std::cout << std::setprecision(4);

  // [products]
  Graph graph;
  const Value a = graph.constant({{2.0, 0.0, 1.0}, {0.0, 3.0, 0.0}});
  const Value x = graph.parameter("x", Tensor::of({0.5, 1.0, 2.0}));
  const Value y = tanh(matmul(a, x));  // [2]

  const Value forward = jvp(y, x, graph.constant({1.0, 0.0, 0.0}));  // a column of the Jacobian
  const Value backward = vjp(y, x, graph.constant({1.0, 0.0}));      // a row of it
  const Value curved = hvp(sum(square(y)), x, graph.constant({1.0, 0.0, 0.0}));
  // [/products]

  std::cout << "== dense ==\n";

  // [dense]
  const Value slopes = jacobian(y, x);             // [2,3]
  const Value bends = hessian(sum(square(y)), x);  // [3,3]
  const State state(graph);
  const auto values = compile({slopes, bends})(state);
  std::cout << values[0] << "\n" << values[1] << "\n";
  // [/dense]
  const auto products = compile({forward, backward, curved})(state);
  for (int i = 0; i < 3; ++i) {
    if (std::abs(products[1].at(i) - values[0].at(i)) > 1e-12) return 1;
    if (std::abs(products[2].at(i) - values[1].at(3 * i)) > 1e-12) return 1;
  }
  std::cout << "== sparse ==\n";

  // [sparse]
  Graph large;
  const Value v = large.parameter("v", Tensor(Type{f64, {100'000}}));
  const Value residuals = broyden(v);
  const Sparse j = sparse_jacobian(residuals, v);
  const Sparse h = sparse_hessian(sum(square(residuals)), v, {.triangle = Triangle::lower});
  std::cout << j.rows.size() << " entries from " << j.products << " products, " << h.rows.size()
            << " from " << h.products << "\n";
  // [/sparse]
  std::cout << "== layout ==\n";

  // [layout]
  const Function function = compile({residuals, j.values});
  const State start(large);
  const Tensor numbers = function(start)[1];
  for (std::size_t k = 0; k < 4; ++k)
    std::cout << "(" << j.rows[k] << ", " << j.columns[k]
              << "): " << numbers.at(static_cast<int>(k)) << "\n";
  // [/layout]
  std::cout << "== fit ==\n";

  // [fit]
  State fitted(graph);
  const LeastSquaresResult fit = least_squares(y - graph.constant({0.5, -0.5}), x, fitted);
  std::cout << fit << "\n";
  // [/fit]
  return fit.value < 1e-20 && j.products == 3 && h.products == 5 ? 0 : 1;
}
