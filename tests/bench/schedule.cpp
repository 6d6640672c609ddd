// The cost of scheduling: nodes that do nothing or little, in a chain, a fan, and layers 32 nodes
// wide.
#include <functional>
#include <set>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/layers.hpp"

namespace dagrad::bench {

namespace {

/// Computes for as long as `turns` turns of a loop take, and claims to cost so much.
struct Body {
  std::int64_t turns = 0;
  double nanoseconds = 0;
  using attributes = dagrad::attributes<&Body::turns, &Body::nanoseconds>;
  static constexpr auto name = "body";
  static constexpr no_grad grad{"it computes nothing"};
  Type infer(std::span<const Type> in) const { return in[0]; }
  void eval(const EvalContext&) const { turn(turns); }
  double cost(const PlanContext&) const { return nanoseconds; }
};

std::vector<Value> chain_of(const Body& body, const Value& x, int n) {
  Value y = x;
  for (int i = 0; i < n; ++i) y = apply(body, {y});
  return {y};
}

std::vector<Value> fan_of(const Body& body, const Value& x, int n) {
  std::vector<Value> all;
  for (int i = 0; i < n; ++i) all.push_back(apply(body, {x}));
  return all;
}

constexpr int width = 32;  // of layers, in which each node uses two of the layer before

std::vector<Value> layers_of(const Body& body, const Value& x, int n) {
  std::vector<Value> layer(width, x);
  for (int i = 0; i < n / width; ++i) {
    std::vector<Value> next;
    for (std::size_t j = 0; j < width; ++j)
      next.push_back(apply(body, {layer[j], layer[(j + 1) % width]}));
    layer = next;
  }
  return layer;
}

/// How many turns take a microsecond.
std::int64_t turns_of_a_microsecond() {
  constexpr std::int64_t many = 100'000;
  return static_cast<std::int64_t>(many * 1e-6 / fastest(20, 1, [] { turn(many); }));
}

struct Kind {
  std::string text;
  Body body;
  int nodes = 0;
};

using Ends = std::pair<std::string, std::vector<Value>>;

std::vector<Ends> shapes_of(const Kind& kind, const Value& x) {
  return {{"chain", chain_of(kind.body, x, kind.nodes)},
          {"fan-out", fan_of(kind.body, x, kind.nodes)},
          {"layers of 32", layers_of(kind.body, x, kind.nodes)}};
}

BoundRun run_of(const std::vector<Value>& ends, int threads) {
  return compile(ends, {.threads = threads, .passes = {}}).bind();
}

void nodes_of(const Settings& settings, const Kind& kind) {
  Graph graph;
  for (const auto& [what, ends] : shapes_of(kind, graph.constant(Tensor(1.0)))) {
    for (const int threads : std::set{1, settings.threads}) {
      const Function f = compile(ends, {.threads = threads, .passes = {}});
      BoundRun run = f.bind();
      print(settings, "schedule",
            what + ", " + kind.text + ", " + std::to_string(threads) +
                (threads == 1 ? " thread" : " threads"),
            "ns", 1e9 / static_cast<double>(f.nodes()) * fastest(30, 1, [&] { run(); }));
    }
  }
}

/// How much longer nodes take on several threads than on one, in turns.
void cost_of_threads(const Settings& settings, const Kind& kind) {
  if (settings.threads == 1) return;
  Graph graph;
  for (const auto& [what, ends] : shapes_of(kind, graph.constant(Tensor(1.0)))) {
    BoundRun one = run_of(ends, 1), all = run_of(ends, settings.threads);
    print(settings, "schedule", kind.text + " on several threads, times as long, " + what, "ratio",
          ratio([&] { one(); }, [&] { all(); }));
  }
}

/// How much longer layers of nodes that compute for a microsecond take on several threads than if
/// these shared the time of one thread perfectly; the same for Taskflow, compared with our time on
/// one thread, which consists of the computations and little else.
void perfect_division(const Settings& settings, const Body& body) {
  if (settings.threads == 1) return;
  constexpr int n = 16'000;
  const std::string what = "bodies of 1 us, layers of 32, as long as a perfect division";
  Graph graph;
  const std::vector<Value> ends = layers_of(body, graph.constant(Tensor(1.0)), n);
  BoundRun one = run_of(ends, 1), all = run_of(ends, settings.threads);
  const auto share = [&](const std::function<void()>& together) {
    return settings.threads * ratio([&] { one(); }, together);
  };
  print(settings, "schedule", what, "ratio", share([&] { all(); }));
  if (const auto rival = layers_in_taskflow(settings.threads, n / width, width, body.turns))
    print(settings, "schedule", what, "ratio", share(rival), "taskflow");
}

}  // namespace

void schedule(const Settings& settings) {
  const std::int64_t turns = turns_of_a_microsecond();
  const Body one_us{turns, 1000};
  const Kind empty{"empty nodes", {0, 10}, 32'000};
  // The second kind is scheduled node by node, so that it shows what that costs.
  for (const Kind& kind :
       {empty, Kind{"empty nodes that claim 1 us", {0, 1000}, 32'000},
        Kind{"nodes of 100 ns", {turns / 10, 100}, 32'000}, Kind{"nodes of 1 us", one_us, 3'200}})
    nodes_of(settings, kind);
  cost_of_threads(settings, empty);
  perfect_division(settings, one_us);
}

}  // namespace dagrad::bench
