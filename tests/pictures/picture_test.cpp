#include "src/pictures/picture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/elementwise.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/optimizers.hpp"

namespace {

using namespace dagrad;
using detail::DrawnCluster;
using detail::DrawnKind;
using detail::DrawnNode;
using detail::EdgeKind;
using detail::Part;
using detail::Picture;
using detail::picture_of;

/// Equal layers with their gradients and updates.
struct Layers {
  Graph graph;
  Value loss;
  std::vector<Value> weights, gradients;
  std::vector<Update> updates;

  explicit Layers(int layers) {
    Value h = graph.input("x", {f64, {4, 3}});
    for (int i = 0; i < layers; ++i) {
      const Scope scope = graph.scope("layer" + std::to_string(i));
      weights.push_back(graph.parameter("w", Tensor(Type{f64, {3, 3}})));
      h = tanh(matmul(h, weights.back()));
    }
    loss = sum(h).named("loss");
    gradients = gradient(loss, weights);
    updates = sgd(weights, gradients, 0.5);
  }
  PictureOptions options() const {
    return {.fetches = {loss}, .updates = updates, .only_needed = true};
  }
};

const DrawnNode* titled(const Picture& picture, const std::string& title) {
  const auto at = std::find_if(picture.nodes.begin(), picture.nodes.end(),
                               [&](const DrawnNode& node) { return node.title == title; });
  return at == picture.nodes.end() ? nullptr : &*at;
}

TEST(Picture, PutsNodesIntoTheirPart) {
  const Layers layers(2);
  const Picture picture = picture_of(layers.graph, layers.options());
  for (const DrawnNode& node : picture.nodes) {
    const Part expected = node.op == "descend"                            ? Part::update
                          : layers.graph.node(node.node).gradient_order() ? Part::gradient
                                                                          : Part::forward;
    EXPECT_EQ(node.part, expected) << node.name;
  }
}

TEST(Picture, NamesTheGradientsThatWereAskedFor) {
  const Layers layers(2);
  const Picture picture = picture_of(layers.graph, layers.options());
  EXPECT_NE(titled(picture, "∂loss/∂(layer0/w)"), nullptr);
  EXPECT_NE(titled(picture, "∂loss/∂(layer1/w)"), nullptr);
}

TEST(Picture, LeadsUpdatesBackToTheirParameters) {
  const Layers layers(3);
  const Picture picture = picture_of(layers.graph, layers.options());
  const auto updates = std::count_if(picture.edges.begin(), picture.edges.end(), [&](auto& edge) {
    return edge.kind == EdgeKind::update && picture.nodes[edge.to].kind == DrawnKind::parameter &&
           picture.nodes[edge.from].part == Part::update;
  });
  EXPECT_EQ(updates, 3);
}

TEST(Picture, JoinsEqualScopesButForThoseThatDiffer) {
  const Layers layers(5);
  PictureOptions options = layers.options();
  options.detail = Detail::blocks;
  options.join_repeats = true;
  const Picture picture = picture_of(layers.graph, options);
  // The first layer passes no gradient to x, and the last one gets the number 1 as its cotangent.
  const DrawnNode* const first = titled(picture, "layer0");
  const DrawnNode* const others = titled(picture, "layer");
  ASSERT_TRUE(first && others);
  EXPECT_EQ(first->repeats, 1U);
  EXPECT_EQ(others->repeats, 3U);
  EXPECT_EQ(others->parameters, 9U);
  EXPECT_EQ(others->nodes.size(), 9U);
}

TEST(Picture, DrawsEqualUpdatesOnce) {
  const Layers layers(5);
  PictureOptions options = layers.options();
  options.join_repeats = true;
  const Picture picture = picture_of(layers.graph, options);
  const auto updates = std::count_if(picture.nodes.begin(), picture.nodes.end(),
                                     [](auto& node) { return node.op == "descend"; });
  EXPECT_EQ(updates, 1);
  const auto cluster =
      std::find_if(picture.clusters.begin(), picture.clusters.end(),
                   [](const DrawnCluster& c) { return c.part == Part::update && c.repeats > 1; });
  ASSERT_NE(cluster, picture.clusters.end());
  EXPECT_EQ(cluster->repeats, 5U);

  options.detail = Detail::equations;
  EXPECT_TRUE(titled(picture_of(layers.graph, options), "θ ← θ − ½ · ∂loss/∂θ"));
}

TEST(Picture, StaysWithinItsNumberOfNodes) {
  const Layers layers(6);
  PictureOptions options = layers.options();
  for (const std::size_t most : {20U, 30U, 40U, 60U}) {
    options.most_nodes = most;
    EXPECT_LE(picture_of(layers.graph, options).nodes.size(), most);
  }
}

TEST(Picture, LeavesOutWhatOnlyOthersNeed) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}}), y = graph.input("y", {f64, {}});
  const Value hidden = (sin(y) + 1).named("hidden");
  const Value out = (x + hidden).named("out");
  const Picture picture = picture_of(graph, {.fetches = {out}, .left_out = {"hidden"}});
  EXPECT_EQ(picture.nodes.size(), 2U);
  EXPECT_TRUE(titled(picture, "x") && titled(picture, "out"));
}

TEST(Picture, WritesNumbersIntoTheirUsers) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value y = 0.1 * x - 2.0;
  const Picture picture = picture_of(graph, {.fetches = {y}});
  ASSERT_EQ(picture.nodes.size(), 3U);
  EXPECT_EQ(titled(picture, "mul")->in[0].number, "0.1");
  EXPECT_EQ(titled(picture, "sub")->in[1].number, "2");
  EXPECT_EQ(titled(picture, "sub")->in[1].label, "right");
  const Picture shared = picture_of(graph, {.constants = Constants::shared});
  EXPECT_EQ(shared.nodes.size(), 5U);
}

TEST(Picture, HasALegendOfWhatOccurs) {
  Graph graph;
  (void)sin(graph.input("x", {f64, {}}));
  EXPECT_EQ(picture_of(graph, {}).legend,
            (std::vector{detail::LegendEntry::input, detail::LegendEntry::forward}));
}

}  // namespace
