// The time per node for building, differentiating, optimising and compiling, depending on the size
// of the graph.
#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

struct Costs {
  /// Microseconds per node.
  double build = 1e9, gradient = 1e9, optimize = 1e9, compile = 1e9, all = 1e9;
};

/// A deep chain of ops of several kinds; every tenth node joins in an earlier one.
Costs measure_nodes(int n) {
  Costs costs;
  for (int round = 0; round < (n > 100'000 ? 2 : 5); ++round) {
    Graph graph;
    const Value x = graph.input("x", {f64, {3}});
    const double begin = now();
    Value y = x;
    for (int i = 0; i < n / 2; ++i) y = i % 10 == 9 ? y * x + 0.5 : tanh(y) * 1.001;
    const double built = now();
    const auto forward = static_cast<double>(graph.size());
    const Value dx = gradient(y, x, {.seed = x});
    const double differentiated = now();
    const auto appended = static_cast<double>(graph.size()) - forward;
    const Function f = compile({y, dx}, {.threads = 1, .passes = {}});
    const double compiled = now();
    const Optimized better = optimize(graph, {y, dx});
    const double optimized = now();
    const Optimized best = optimize(graph, {y, dx}, compile_passes());
    const double fused = now();
    costs.build = std::min(costs.build, 1e6 * (built - begin) / forward);
    costs.gradient = std::min(costs.gradient, 1e6 * (differentiated - built) / appended);
    costs.compile =
        std::min(costs.compile, 1e6 * (compiled - differentiated) / static_cast<double>(f.nodes()));
    costs.optimize =
        std::min(costs.optimize, 1e6 * (optimized - compiled) / static_cast<double>(graph.size()));
    costs.all = std::min(costs.all, 1e6 * (fused - optimized) / static_cast<double>(graph.size()));
  }
  return costs;
}

}  // namespace

void nodes(const Settings& settings) {
  (void)measure_nodes(1000);  // fills the loop cache
  Costs before;
  for (const int n : {1'000, 10'000, 100'000, 1'000'000}) {
    const Costs costs = measure_nodes(n);
    const std::string size = " a node, n=" + std::to_string(n);
    const auto show = [&](const std::string& what, double Costs::*cost) {
      print(settings, "nodes", what + size, "us", costs.*cost);
      if (n == 1'000'000)
        print(settings, "nodes", "n=1000000, of the time per node for 100000, " + what, "ratio",
              costs.*cost / before.*cost);
    };
    show("build", &Costs::build);
    show("gradient", &Costs::gradient);
    show("optimize", &Costs::optimize);
    show("all passes", &Costs::all);
    show("compile", &Costs::compile);
    before = costs;
  }
  assembling(settings);
}

}  // namespace dagrad::bench
