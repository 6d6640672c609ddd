// The cost of scheduling: nodes that do nothing or little, in a chain, a fan, and layers 32 nodes
// wide.
#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

/// Takes as long as it says, and claims to take that long or longer.
struct Body {
  double nanoseconds = 0, claims = 0;
  static constexpr auto name = "body";
  using attributes = dagrad::attributes<&Body::nanoseconds, &Body::claims>;
  static constexpr no_grad grad{"it computes nothing"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const {
    if (nanoseconds == 0) return;
    for (const double end = now() + nanoseconds * 1e-9; now() < end;) {
    }
  }
  double cost(const PlanContext&) const { return claims; }
};

Value chain_of(const Body& body, const Value& x, int n) {
  Value y = x;
  for (int i = 0; i < n; ++i) y = apply(body, {y});
  return y;
}

std::vector<Value> fan_of(const Body& body, const Value& x, int n) {
  std::vector<Value> all;
  for (int i = 0; i < n; ++i) all.push_back(apply(body, {x}));
  return all;
}

std::vector<Value> layers_of(const Body& body, const Value& x, int n) {
  constexpr std::size_t width = 32;
  std::vector<Value> layer(width, x);
  for (int i = 0; i < n / static_cast<int>(width); ++i) {
    std::vector<Value> next;
    for (std::size_t j = 0; j < width; ++j)
      next.push_back(apply(body, {layer[j], layer[(j + 1) % width]}));
    layer = next;
  }
  return layer;
}

}  // namespace

void schedule(const Settings& settings) {
  struct Kind {
    std::string text;
    Body body;
    int nodes;
  };
  // The second kind is scheduled node by node, so that it shows what that costs.
  for (const Kind& kind :
       {Kind{"empty nodes", {0, 10}, 32'000},
        Kind{"empty nodes that claim 1 us", {0, 1000}, 32'000},
        Kind{"nodes of 100 ns", {100, 100}, 32'000}, Kind{"nodes of 1 us", {1000, 1000}, 3'200}}) {
    Graph graph;
    const Value x = graph.constant(Tensor(1.0));
    const std::vector<std::pair<std::string, std::vector<Value>>> shapes{
        {"chain", {chain_of(kind.body, x, kind.nodes)}},
        {"fan-out", fan_of(kind.body, x, kind.nodes)},
        {"layers of 32", layers_of(kind.body, x, kind.nodes)}};
    for (const auto& [what, ends] : shapes) {
      for (const int threads : {1, settings.threads}) {
        const Function f = compile(ends, {.threads = threads, .passes = {}});
        BoundRun run = f.bind();
        print(settings, "schedule",
              what + ", " + kind.text + ", " + std::to_string(threads) +
                  (threads == 1 ? " thread" : " threads"),
              "ns", 1e9 / static_cast<double>(f.nodes()) * fastest(30, 1, [&] { run(); }));
      }
    }
  }
}

}  // namespace dagrad::bench
