// Guide: what compile has made of a graph, and what it is worth to optimise before the gradient.
#include <dagrad/dagrad.hpp>

#include <fstream>
#include <iostream>
#include <string>

#include "docs/examples/xor_network.hpp"

using namespace dagrad;

int main() {
  std::cout << "== see ==\n";
  // [see]
  Graph small;
  const Value scores = small.input("scores", {f64, {8, 100}});
  const Value shifted = (scores - max(scores, {1}, true)).named("shifted");
  const Value parts = exp(shifted).named("parts");
  const Value shares = (parts / sum(parts, {1}, true).named("total")).named("shares");
  const Value costs = -log(shares) * scores;
  const Function function = compile(costs, {.threads = 1, .passes = {{"fuse", fuse}}});

  const PlanExplanation plan = explain_plan(function);
  std::cout << to_string(plan);
  std::ofstream("profile.txt") << profile(function, {{scores, Rng(1).normal({8, 100})}});
  const PassResult fused = fuse(small, std::vector{costs});
  const PassChanges changes = pass_changes(small, costs, fused.graph, fused.mapping);
  write_svg("changes.svg", changes.graph, changes.options);
  // [/see]
  if (plan.steps.size() >= small.size() || changes.count(PassChange::fused) == 0) return 1;

  // [small]
  XorNetwork network(Rng(1).uniform({2, 3}, -1, 1), Rng(2).uniform({1, 3}, -1, 1),
                     Rng(3).uniform({3, 1}, -1, 1), Rng(4).uniform({1, 1}, -1, 1));
  std::ofstream("routines.txt") << to_string(explain_plan(network.train), 3);
  // [/small]

  // [before]
  Graph graph;
  const Value x = graph.input("x", {f64, {64, 32}}),
              target = graph.input("target", {f64, {64, 32}});
  const double scale = 1;  // a setting, which others may want to change
  Value hidden = x, penalty = graph.constant(0.0);
  std::vector<Value> values{hidden};  // the loss, then the weights
  for (std::int64_t layer = 0; layer < 4; ++layer) {
    const Value w = graph.parameter("w" + std::to_string(layer), Rng(layer).normal({32, 32}));
    hidden = tanh(transpose(matmul(transpose(w), transpose(hidden * scale))) * scale);
    penalty = penalty + square(norm(w));
    values.push_back(w);
  }
  values[0] = 1e-4 * penalty - mean(target * log(softmax(hidden, 1)));

  const Optimized better = optimize(graph, values);
  const auto slopes = [](std::span<const Value> of) { return gradient(of[0], of.subspan(1)); };
  const std::vector<Value> after = slopes(values), before = slopes(better.mapping(values));
  // [/before]
  std::cout << "== before ==\n";
  std::ofstream times("times.txt");
  const auto tell = [&](const std::string& what, const Graph& of,
                        const std::vector<Value>& gradients) {
    const Function all = compile(gradients, {.threads = 1});
    std::cout << what << ": " << of.size() << " nodes, of which compile makes " << all.nodes()
              << " steps\n";
    const Feeds feeds{{of.at("x"), Rng(5).normal({64, 32})},
                      {of.at("target"), Tensor(target.type())}};
    times << what << ": " << profile(all, feeds, {.runs = 2000}).run.minimum * 1e6 << " µs\n";
    return all.nodes();
  };
  const std::size_t late = tell("gradient of the loss as written", graph, after),
                    early = tell("gradient of the optimised loss", better.graph, before);
  return early < late ? 0 : 1;
}
