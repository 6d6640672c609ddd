#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "dagrad/gtest.hpp"
#include "dagrad/train/layers.hpp"

namespace dagrad {
namespace {

using layers::Network;
using Values = std::vector<Value>;

/// What NumPy computes of the same parameters, in tests/golden/layers.npz.
class LayerValues : public ::testing::Test {
 protected:
  /// The operand, parameter or result of that name.
  Tensor golden(const std::string& name) const { return file.at(layer + name); }
  Value input(const std::string& name) { return g.input(name, golden("/" + name).type()); }

  /// Expects that the layer has the parameters of the file, that these results have their values,
  /// and that the gradients by all weights pass the check.
  void expect(const std::vector<std::pair<Value, std::string>>& results, const Values& operands) {
    Feeds feeds;
    for (const Value& operand : operands) feeds.push_back({operand, golden("/" + operand.name())});
    Feeds at = feeds;
    State state(g);
    for (const Value& weight : network.weights()) {
      state.set(weight, file.at(weight.name()));
      at.push_back({weight, state.get(weight)});
    }
    std::size_t given = 0;
    for (const auto& [name, array] : file) given += name.starts_with(layer + "/");
    EXPECT_EQ(at.size(), given);
    for (const auto& [result, name] : results) {
      EXPECT_TENSOR_NEAR(compile(result)(state, feeds)[0], golden(":" + name), 1e-12, 1e-13);
      EXPECT_GRADIENT(sum(sin(result)), network.weights(), at);
    }
  }

  const std::map<std::string, Tensor> file = read_npz("tests/golden/layers.npz");
  std::string layer;
  Graph g;
  Network network{g, 1, {.dtype = f64}};
};

TEST_F(LayerValues, Linear) {
  layer = "linear";
  const Value x = input("x");
  expect({{layers::linear(network, layer, x, 5), "out"}}, {x});
}

TEST_F(LayerValues, Conv1d) {
  layer = "conv1d";
  const Value x = input("x");
  expect({{layers::conv1d(network, layer, x, 6, 3,
                          {.stride = {2}, .padding = {1}, .dilation = {2}, .groups = 2}),
           "out"}},
         {x});
}

TEST_F(LayerValues, Conv2d) {
  layer = "conv2d";
  const Value x = input("x");
  expect({{layers::conv2d(network, layer, x, 6, 3,
                          {.stride = {2, 1}, .padding = {1, 2}, .dilation = {1, 2}, .groups = 2}),
           "out"}},
         {x});
}

TEST_F(LayerValues, LayerNorm) {
  layer = "layer_norm";
  const Value x = input("x");
  expect({{layers::layer_norm(network, layer, x, {.axes = 2}), "out"}}, {x});
}

TEST_F(LayerValues, BatchNorm) {
  layer = "batch_norm";
  const Tensor batches = golden("/x");
  const Value x = g.input("x", batches[0].type());
  const BatchNormOptions options{.momentum = 0.3, .epsilon = 0.01};
  const Value training = layers::batch_norm(network, layer, x, options);
  Network other = network.inference();
  const Value inference = layers::batch_norm(other, layer, x, options);

  State state(g);
  for (const Value& weight : network.weights()) state.set(weight, file.at(weight.name()));
  const Function train = compile(training, {.update = network.updates()});
  for (std::int64_t step = 0; step < 3; ++step)
    EXPECT_TENSOR_NEAR(train(state, batches[step])[0], golden(":training")[step], 1e-12, 1e-13);
  EXPECT_TENSOR_NEAR(state.get("batch_norm/mean"), golden(":mean"), 1e-13);
  EXPECT_TENSOR_NEAR(state.get("batch_norm/variance"), golden(":variance"), 1e-13);
  EXPECT_TENSOR_NEAR(compile(inference)(state, batches[0])[0], golden(":inference"), 1e-12, 1e-13);
  EXPECT_GRADIENT(sum(sin(training)), network.weights(), {{x, batches[1]}});
}

TEST_F(LayerValues, SelfAttention) {
  layer = "self_attention";
  const Value x = input("x");
  expect({{layers::multi_head_attention(network, layer, x, 3, {.causal = true}), "out"}}, {x});
}

TEST_F(LayerValues, CrossAttention) {
  layer = "cross_attention";
  const Value x = input("x"), others = input("others");
  expect({{layers::multi_head_attention(network, layer, x, others, 3), "out"}}, {x, others});
}

TEST_F(LayerValues, LstmCell) {
  layer = "lstm_cell";
  const Value x = input("x");
  const layers::LstmCell cell = layers::lstm_cell(network, layer, 3, 5);
  layers::LstmState state = cell.start(x[0]);
  for (std::int64_t step = 0; step < 4; ++step) state = cell(x[step], state);
  expect({{state.hidden, "hidden"}, {state.memory, "memory"}}, {x});
}

TEST_F(LayerValues, GruCell) {
  layer = "gru_cell";
  const Value x = input("x");
  const layers::GruCell cell = layers::gru_cell(network, layer, 3, 5);
  Value hidden = cell.start(x[0]);
  for (std::int64_t step = 0; step < 4; ++step) hidden = cell(x[step], hidden);
  expect({{hidden, "hidden"}}, {x});
}

}  // namespace
}  // namespace dagrad
