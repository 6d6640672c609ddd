// Guide: where a run spends its time and its memory.
#include <dagrad/dagrad.hpp>
#include <dagrad/train.hpp>

#include <fstream>
#include <iostream>

using namespace dagrad;

int main() {
  // [model]
  Graph graph;
  const Value x = graph.input("x", {f32, {64, 784}}), target = graph.input("target", {i64, {64}});
  layers::Network network(graph, 1);
  const Value hidden = relu(layers::linear(network, "hidden", x, 128));
  const Value loss = cross_entropy(layers::linear(network, "out", hidden, 10), target);
  const std::vector<Value> weights = graph.parameters();
  const Function train =
      compile({loss}, {.update = sgd(weights, gradient(loss, weights), 0.1), .threads = 1});
  // [/model]

  const Feeds feeds{{x, Rng(2).uniform({64, 784}).cast(f32)}, {target, Tensor(target.type())}};
  State state(graph);
  // [profile]
  const Profile measured = profile(train, state, feeds);
  std::ofstream("table.txt") << to_string(measured);
  // [/profile]

  // [by]
  std::ofstream("scopes.txt") << to_string(measured, {.by = ProfileBy::scope});
  std::ofstream("nodes.txt") << to_string(measured, {.by = ProfileBy::node, .rows = 5});
  std::cout << measured.nodes.size() << " nodes run for " << measured.forward.size()
            << " forward nodes, in " << measured.scopes.size() << " scopes\n";
  // [/by]

  // [files]
  write_csv("nodes.csv", measured, ProfileBy::node);
  std::ofstream("profile.json") << to_json(measured);
  write_chrome_trace("trace.json", measured);
  write_svg("profile.svg", graph,
            {.fetches = {loss}, .only_needed = true, .marks = marks(measured)});
  // [/files]

  // [explain]
  std::cout << to_string(explain_plan(train), 3);
  // [/explain]
}
