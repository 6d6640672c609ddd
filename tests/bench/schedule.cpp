// The cost of scheduling: nodes that do nothing, in a chain, a fan, and layers 32 nodes wide.
#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

/// Does nothing but claims a high cost, so that even small graphs run on several threads.
struct Nothing {
  static constexpr auto name = "nothing";
  static constexpr no_grad grad{"it computes nothing"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {}
  double cost(const PlanContext&) const { return 1000; }
};

Value nothing(const Operand& x) { return apply(Nothing{}, {x}); }
Value nothing(const Operand& x, const Operand& y) { return apply(Nothing{}, {x, y}); }

Value chain_of(const Value& x, int n) {
  Value y = x;
  for (int i = 0; i < n; ++i) y = nothing(y);
  return y;
}

std::vector<Value> fan_of(const Value& x, int n) {
  std::vector<Value> all;
  for (int i = 0; i < n; ++i) all.push_back(nothing(x));
  return all;
}

std::vector<Value> layers_of(const Value& x, int n) {
  constexpr std::size_t width = 32;
  std::vector<Value> layer(width, x);
  for (int i = 0; i < n / static_cast<int>(width); ++i) {
    std::vector<Value> next;
    for (std::size_t j = 0; j < width; ++j)
      next.push_back(nothing(layer[j], layer[(j + 1) % width]));
    layer = next;
  }
  return layer;
}

}  // namespace

void schedule(const Settings& settings) {
  constexpr int n = 32'000;
  Graph graph;
  const Value x = graph.constant(Tensor(1.0));
  const std::vector<std::pair<std::string, std::vector<Value>>> shapes{
      {"chain", {chain_of(x, n)}}, {"fan-out", fan_of(x, n)}, {"layers of 32", layers_of(x, n)}};
  for (const auto& [what, ends] : shapes) {
    for (const int threads : {1, settings.threads}) {
      const Function f = compile(ends, {.threads = threads});
      BoundRun run = f.bind();
      print(settings, "schedule",
            what + ", empty nodes, " + std::to_string(threads) +
                (threads == 1 ? " thread" : " threads"),
            "ns", 1e9 / static_cast<double>(f.nodes()) * fastest(30, 1, [&] { run(); }));
    }
  }
}

}  // namespace dagrad::bench
