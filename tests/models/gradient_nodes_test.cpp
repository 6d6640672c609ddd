#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dagrad/train.hpp"
#include "docs/examples/lenet5.hpp"
#include "docs/examples/nanogpt.hpp"
#include "docs/examples/resnet18.hpp"
#include "docs/examples/xor_network.hpp"
#include "tests/models/adbench_gmm.hpp"
#include "tests/models/adbench_lstm.hpp"

namespace dagrad::models {
namespace {

std::size_t ops_in(const Graph& graph) {
  const std::vector<Node> nodes = graph.nodes();
  return static_cast<std::size_t>(std::count_if(
      nodes.begin(), nodes.end(), [](const Node& node) { return node.kind() == NodeKind::op; }));
}

/// Expects that passes leave at most 2.5 nodes of the gradient for each node of the value alone.
void expect_few_nodes(const std::string& model, const Graph& graph, const Value& loss,
                      const std::vector<Value>& gradients) {
  std::vector<Value> both{loss};
  both.insert(both.end(), gradients.begin(), gradients.end());
  for (const bool all : {false, true}) {
    const std::vector<Pass> passes = all ? compile_passes() : default_passes();
    const std::size_t forward = ops_in(optimize(graph, loss, passes).graph),
                      with_gradient = ops_in(optimize(graph, both, passes).graph);
    EXPECT_LE(static_cast<double>(with_gradient - forward), 2.5 * static_cast<double>(forward))
        << model << (all ? ", all passes" : ", default passes");
  }
}

TEST(GradientNodes, AreFewForTheXorNetwork) {
  Rng rng(0);
  const auto weights = [&](const Shape& shape) { return rng.uniform(shape, -1, 1); };
  const XorNetwork network(weights({2, 3}), weights({1, 3}), weights({3, 1}), weights({1, 1}));
  expect_few_nodes("xor", network.graph, network.cost, network.gradients);
}

TEST(GradientNodes, AreFewForAnMlp) {
  Graph graph;
  Value h = graph.input("x", {f32, {32, 784}});
  std::vector<Value> weights;
  for (const auto& [in, out] : {std::pair{784, 128}, {128, 64}, {64, 10}}) {
    const std::string layer = std::to_string(in);
    if (in < 784) h = relu(h);
    weights.push_back(graph.parameter("w" + layer, Tensor(Type{f32, {in, out}})));
    weights.push_back(graph.parameter("b" + layer, Tensor(Type{f32, {out}})));
    h = matmul(h, weights[weights.size() - 2]) + weights.back();
  }
  const Value loss = cross_entropy(h, graph.input("y", {i64, {32}}));
  expect_few_nodes("mlp", graph, loss, gradient(loss, weights));
}

template <class Model, class Sizes>
void expect_few_nodes_of_images(const std::string& name, const Shape& shape, const Sizes& sizes) {
  Graph graph;
  const Value x = graph.input("x", {f32, shape}), y = graph.input("y", {i64, {shape[0]}});
  const Model model(graph, x, sizes, Rng(0));
  const Value loss = cross_entropy(model.logits, y);
  expect_few_nodes(name, graph, loss, gradient(loss, model.weights));
}

TEST(GradientNodes, AreFewForLeNet5) {
  expect_few_nodes_of_images<LeNet5>("lenet5", {64, 1, 28, 28}, LeNet5Sizes());
}

TEST(GradientNodes, AreFewForResNet18) {
  expect_few_nodes_of_images<ResNet18>("resnet18", {32, 3, 32, 32}, ResNet18Sizes());
}

TEST(GradientNodes, AreFewForAGpt) {
  constexpr GptSizes sizes{.layers = 4, .heads = 4, .width = 128, .context = 64, .vocabulary = 65};
  const Type tokens{i64, {12, sizes.context}};
  Graph graph;
  const Value x = graph.input("x", tokens), y = graph.input("y", tokens);
  const Gpt gpt(graph, x, sizes, Rng(0));
  const Value loss = cross_entropy(gpt.logits, y);
  expect_few_nodes("nanogpt", graph, loss, gradient(loss, gpt.weights));
}

TEST(GradientNodes, AreFewForAMixture) {
  const adbench::GmmNetwork network(adbench::read_gmm(adbench::files("gmm").front()));
  expect_few_nodes("gmm", network.graph, network.objective, network.gradients());
}

TEST(GradientNodes, AreFewForAnLstm) {
  const adbench::LstmNetwork network(adbench::read_lstm(adbench::files("lstm").front()));
  expect_few_nodes("lstm", network.graph, network.loss, network.gradients());
}

}  // namespace
}  // namespace dagrad::models
