// Jacobians, gradients and Hessians of functions of up to 100,000 variables. peers/jacobians.py has
// the same ones.
#include <string>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

/// Broyden's tridiagonal function (Moré, Garbow and Hillstrom 1981).
Value broyden(const Value& x) {
  const std::int64_t n = x.size();
  const Value before = pad(x[{{0, n - 1}}], {1}, {0}), after = pad(x[{{1, n}}], {0}, {1});
  return (3 - 2 * x) * x - before - 2 * after + 1;
}

/// The chained function of Rosenbrock.
Value rosenbrock(const Value& x) {
  const Value now = x[{{0, x.size() - 1}}], next = x[{{1, x.size()}}];
  return sum(100 * square(next - square(now)) + square(1 - now));
}

/// What is computed of a vector x.
using Build = Value (*)(const Value& x);

void show(const Settings& settings, const std::string& what, std::int64_t n, Build build) {
  const double begin = now();
  Graph graph;
  const Value x = graph.input("x", {f64, {n}});
  BoundRun run = compile({build(x)}, {.threads = settings.threads}).bind();
  run.feed(x, Tensor(Type{f64, {n}}));
  const double before = now() - begin;
  print(settings, "jacobians", what + ", n=" + std::to_string(n),
        measure(settings.seconds / 14, before, [&] { run(); }));
}

/// All columns of a dense Jacobian at once, and one after the other.
void dense(const Settings& settings) {
  constexpr std::int64_t n = 1600;
  show(settings, "dense Jacobian of Broyden's function", n,
       [](const Value& x) { return jacobian(broyden(x), x); });
  Graph graph;
  const Value x = graph.input("x", {f64, {n}}), dx = graph.input("dx", {f64, {n}});
  BoundRun run = compile({jvp(broyden(x), x, dx)}, {.threads = settings.threads}).bind();
  const Tensor zeros(Type{f64, {n}});
  run.feed(x, zeros);
  run.feed(dx, zeros);
  print(settings, "jacobians", "as many columns of it, one by one, n=" + std::to_string(n),
        measure(settings.seconds / 14, 0, [&] {
          for (std::int64_t i = 0; i < n; ++i) run();
        }));
}

}  // namespace

void jacobians(const Settings& settings) {
  dense(settings);
  for (const std::int64_t n : {1'000, 10'000, 100'000}) {
    show(settings, "Jacobian of Broyden's function", n,
         [](const Value& x) { return sparse_jacobian(broyden(x), x).values; });
    show(settings, "Hessian of its sum of squares", n,
         [](const Value& x) { return sparse_hessian(sum(square(broyden(x))), x).values; });
    show(settings, "gradient of Rosenbrock's function", n,
         [](const Value& x) { return gradient(rosenbrock(x), x); });
    show(settings, "Hessian of Rosenbrock's function", n,
         [](const Value& x) { return sparse_hessian(rosenbrock(x), x).values; });
  }
}

}  // namespace dagrad::bench
