#include <functional>
#include <map>
#include <string>

#include "dagrad/train/layers.hpp"
#include "tests/memory/models.hpp"
#include "tests/memory/survives.hpp"

namespace dagrad::test {
namespace {

using layers::Network;

/// A network with one layer, to which another is added.
struct Layered {
  using Build = std::function<void(Layered&)>;
  explicit Layered(const Build& call) : build(call) {
    layers::linear(network, "first", x, 4);
    x = layers::dropout(network, "drop", x, 0.5);
  }
  void run() { build(*this); }
  std::string text() const {
    std::string all = listing(graph);
    for (const Value& parameter : network.parameters()) all += ' ' + parameter.name();
    for (const Value& weight : network.weights()) all += ' ' + weight.name();
    for (const Update& update : network.updates()) all += ' ' + update.next.name();
    return all;
  }

  const Build& build;
  Graph graph;
  Value x = graph.input("x", {f32, {2, 6}}), images = graph.input("images", {f32, {2, 1, 4, 4}});
  Network network{graph, 1};
};

const std::map<std::string, Layered::Build>& additions() {
  static const std::map<std::string, Layered::Build> all{
      {"weight", [](Layered& l) { l.network.weight("another", {3}, initializers::normal(0, 1)); }},
      {"key", [](Layered& l) { l.network.random_key("another"); }},
      {"conv2d", [](Layered& l) { layers::conv2d(l.network, "another", l.images, 2, 3); }},
      {"batch_norm", [](Layered& l) { layers::batch_norm(l.network, "another", l.x); }},
      {"dropout", [](Layered& l) { layers::dropout(l.network, "another", l.x, 0.5); }},
      {"multi_head_attention",
       [](Layered& l) { layers::multi_head_attention(l.network, "another", l.x, 2); }},
      {"lstm_cell", [](Layered& l) { layers::lstm_cell(l.network, "another", 3, 2); }},
      {"found again",
       [](Layered& l) {
         Network inference = l.network.inference();
         layers::linear(inference, "first", l.x, 4);
       }},
  };
  return all;
}

class OutOfMemoryInLayers : public testing::TestWithParam<std::string> {};

TEST_P(OutOfMemoryInLayers, LeavesTheNetworkAsItWas) {
  const Layered::Build& build = additions().at(GetParam());
  EXPECT_GT(survives([&] { return Layered(build); }), 3);
}

std::vector<std::string> names_of_additions() {
  std::vector<std::string> names;
  for (const auto& [name, build] : additions()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(All, OutOfMemoryInLayers, testing::ValuesIn(names_of_additions()));

}  // namespace
}  // namespace dagrad::test
