// Jacobians, gradients and Hessians of functions of up to 100,000 variables. peers/jacobians.py has
// the same ones.
#include <string>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/trajectory.hpp"
#include "tests/models/adbench_ba.hpp"

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

/// Measures a function that is compiled now. Its model has been built since `begin`.
void show(const Settings& settings, const std::string& what, const Value& value, const Feeds& feeds,
          double begin) {
  BoundRun run = compile({value}, {.threads = settings.threads}).bind();
  for (const Feed& feed : feeds) run.feed(feed.value, feed.tensor);
  const double before = now() - begin;
  print(settings, "jacobians", what, measure(settings.seconds / 17, before, [&] { run(); }));
}

/// Of a function of one vector.
void show(const Settings& settings, const std::string& what, std::int64_t n,
          Value (*build)(const Value& x)) {
  const double begin = now();
  Graph graph;
  const Value x = graph.input("x", {f64, {n}});
  show(settings, what + ", n=" + std::to_string(n), build(x), {{x, Tensor(Type{f64, {n}})}}, begin);
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
        measure(settings.seconds / 17, 0, [&] {
          for (std::int64_t i = 0; i < n; ++i) run();
        }));
}

void trajectory(const Settings& settings) {
  constexpr std::int64_t intervals = 200;
  const auto feeds = [](const Trajectory& of) {
    return Feeds{{of.states, Tensor::full(of.states.type(), 0.1)},
                 {of.forces, Tensor::full(of.forces.type(), 0.1)},
                 {of.multipliers, Tensor::full(of.multipliers.type(), 0.3)}};
  };
  double begin = now();
  const Trajectory first(intervals);
  show(settings, "trajectory of a cart-pole, Jacobian of the defects",
       sparse_jacobian(first.defects, first.variables()).values, {feeds(first)[0], feeds(first)[1]},
       begin);
  begin = now();
  const Trajectory second(intervals);
  show(settings, "trajectory of a cart-pole, Hessian of the Lagrangian",
       sparse_hessian(second.lagrangian, second.variables()).values, feeds(second), begin);
}

void bundle_adjustment(const Settings& settings) {
  const adbench::Ba data = adbench::read_ba(adbench::file("ba_n49_m7776_p31843"));
  const double begin = now();
  const adbench::BaNetwork network(data);
  const Sparse jacobian =
      sparse_jacobian({network.errors, network.weight_errors}, network.parameters());
  show(settings, "bundle adjustment, Jacobian of the errors", jacobian.values, network.feeds(data),
       begin);
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
  trajectory(settings);
  bundle_adjustment(settings);
}

}  // namespace dagrad::bench
