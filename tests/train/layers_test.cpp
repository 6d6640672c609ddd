#include "dagrad/train/layers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "dagrad/dagrad.hpp"
#include "tests/io/folder.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using layers::Network;
using Names = std::vector<std::string>;

Names names(const std::vector<Value>& values) {
  Names all;
  for (const Value& value : values) all.push_back(value.name());
  return all;
}

/// A network with most layers, for images [n, 1, 6, 6].
Value reader(Network& network, const Value& images) {
  Value x = layers::conv2d(network, "conv", images, 4, 3, {.padding = {1}, .bias = false});
  x = relu(layers::batch_norm(network, "norm", x));
  x = flatten(x, 1);
  const Scope scope = network.graph().scope("head");
  x = layers::dropout(network, "drop", layers::linear(network, "hidden", x, 8), 0.5);
  return layers::linear(network, "out", layers::layer_norm(network, "norm", x), 3);
}

class LayersTest : public test::InFolder {
 protected:
  Graph g;
  const Value x = g.input("x", {f32, {5, 1, 6, 6}});
  const Tensor images = Rng(1).normal({5, 1, 6, 6}, 0, 1, f32);
};

TEST_F(LayersTest, OneCodeServesTrainingAndInference) {
  Network network(g, 1);
  const Value training = reader(network, x);
  EXPECT_EQ(names(network.weights()),
            (Names{"conv/w", "norm/scale", "norm/shift", "head/hidden/w", "head/hidden/b",
                   "head/norm/scale", "head/norm/shift", "head/out/w", "head/out/b"}));
  EXPECT_EQ(network.updates().size(), 3U) << "mean, variance and the key of dropout";
  EXPECT_EQ(network.parameters(), g.parameters());
  const std::size_t parameters = g.parameters().size();

  Network inference = network.inference();
  const Value logits = reader(inference, x);
  EXPECT_EQ(g.parameters().size(), parameters) << "the same ones";
  EXPECT_EQ(names(inference.weights()), names(network.weights()));
  EXPECT_TRUE(inference.updates().empty());
  EXPECT_EQ(inference.parameters().size(), parameters - 1) << "all but the key";
  EXPECT_EQ(logits.shape(), (Shape{5, 3}));

  const Function train = compile({training, logits}, {.update = network.updates()});
  State state(g);
  const auto first = train(state, images), second = train(state, images);
  EXPECT_FALSE(same_bits(first[0], second[0])) << "another mask";
  EXPECT_FALSE(same_bits(first[1], second[1])) << "the running statistics have moved";
  const Function infer = compile(logits);
  EXPECT_TRUE(same_bits(infer(state, images)[0], infer(state, images)[0]));
}

TEST_F(LayersTest, CanBeReplayedForOtherBatches) {
  Network network(g, 1);
  const Value y = reader(network, x);
  const Retyped sizes[] = {{x, {f32, {2, 1, 6, 6}}}};
  const Rewritten smaller = replay(g, sizes);
  EXPECT_EQ(smaller.mapping(y).shape(), (Shape{2, 3}));
  State state(g);
  EXPECT_EQ(compile(smaller.mapping(y))(state, images[Range{0, 2}]).at(0).shape(), (Shape{2, 3}));
}

TEST_F(LayersTest, InitialValuesDependOnNamesAlone) {
  const auto out = [&](bool with_more, std::int64_t key) {
    Graph graph;
    const Value in = graph.input("x", {f32, {2, 3}});
    Network network(graph, key);
    if (with_more) layers::linear(network, "before", in, 7);
    layers::linear(network, "out", in, 4);
    return graph.at("out/w").node().tensor();
  };
  EXPECT_TRUE(same_bits(out(false, 1), out(true, 1)));
  EXPECT_FALSE(same_bits(out(false, 1), out(false, 2)));
}

TEST_F(LayersTest, AnInferenceNetworkMayStandAlone) {
  Network network(g, 1);
  reader(network, x);
  Graph serving;
  const Value in = serving.input("x", x.type());
  Network alone(serving, 9, {.mode = layers::Mode::inference});
  const Value logits = reader(alone, in);
  State state(g);
  EXPECT_EQ(compile(logits)(state, images).at(0).shape(), (Shape{5, 3})) << "fits its State";
  EXPECT_FALSE(serving.find("head/drop/key").has_value());
}

TEST_F(LayersTest, LinearAndEmbeddingDoWhatTheySay) {
  Network network(g, 1, {.dtype = f64});
  const Value rows = g.input("rows", {f64, {2, 1, 3}}), one = g.input("one", {f64, {3}});
  const Value y = layers::linear(network, "y", rows, 4), z = layers::linear(network, "z", one, 4);
  EXPECT_EQ(y.shape(), (Shape{2, 1, 4}));
  EXPECT_EQ(z.shape(), Shape{4});
  const Value plain = layers::linear(network, "plain", rows, 2,
                                     {.bias = false, .weight = initializers::constant(2)});
  EXPECT_EQ(evaluate(plain, {{rows, Tensor({2, 1, 3}, {1.0, 2.0, 3.0, 0.0, 0.0, 1.0})}})
                .to_vector<double>(),
            (std::vector<double>{12, 12, 2, 2}));
  const Value indices = g.input("indices", {i64, {2}});
  const Value seen = layers::embedding(network, "letters", indices, 10, 3);
  const Tensor table = g.at("letters/w").node().tensor();
  EXPECT_TRUE(
      same_bits(evaluate(seen, {{indices, Tensor::of<std::int64_t>({7, 0})}})[0], table[7]));
}

TEST_F(LayersTest, ConvolutionsHaveKernelsOfTheirGroups) {
  Network network(g, 1);
  const Value signal = g.input("signal", {f32, {2, 4, 9}});
  EXPECT_EQ(layers::conv1d(network, "c", signal, 6, 3, {.stride = {2}, .groups = 2}).shape(),
            (Shape{2, 6, 4}));
  EXPECT_EQ(g.at("c/w").shape(), (Shape{6, 2, 3}));
  EXPECT_EQ(layers::conv2d(network, "d", x, 2, 3, {.dilation = {2}}).shape(), (Shape{5, 2, 2, 2}));
  EXPECT_EQ(names(network.weights()), (Names{"c/w", "c/b", "d/w", "d/b"}));
}

TEST_F(LayersTest, CellsCanBeReplayedAndHaveFullGradients) {
  Network network(g, 1);
  const layers::LstmCell lstm = layers::lstm_cell(network, "lstm", 3, 4);
  const layers::GruCell gru = layers::gru_cell(network, "gru", 3, 4);
  const Value in = g.input("in", {f32, {6, 3}});
  const Value loss = mean(lstm(in, lstm.start(in)).hidden) + mean(gru(in, gru.start(in)));
  EXPECT_EQ(gradient(loss, network.weights()).size(), 7U) << "every weight is connected";
  const Retyped sizes[] = {{in, {f32, {1, 3}}}};
  const Rewritten single = replay(g, sizes);
  EXPECT_EQ(evaluate(single.mapping(loss), {{"in", Tensor(Type{f32, {1, 3}})}}).rank(), 0);
}

TEST_F(LayersTest, CellsStartAsTheirPapersSay) {
  Network network(g, 1, {.dtype = f64});
  const layers::LstmCell lstm = layers::lstm_cell(network, "lstm", 3, 2);
  EXPECT_EQ(lstm.bias.node().tensor().to_vector<double>(),
            (std::vector<double>{0, 0, 1, 1, 0, 0, 0, 0}))
      << "the forget gate is open";
  const layers::GruCell gru = layers::gru_cell(network, "gru", 3, 2);
  EXPECT_FALSE(any(gru.bias.node().tensor()).item<bool>());
  const Value x64 = g.input("x64", {f64, {4, 3}});
  EXPECT_EQ(gru.start(x64).shape(), (Shape{4, 2}));
  for (const auto& [weights, gates] : {std::pair(lstm.recurrent, 4), {gru.recurrent, 3}})
    for (int gate = 0; gate < gates; ++gate) {
      const Value w = weights[{{}, {2 * gate, 2 * gate + 2}}];
      EXPECT_TRUE(
          compare(evaluate(matmul(w, transpose(w))), Tensor::of({{1.0, 0.0}, {0.0, 1.0}}), 0, 1e-14)
              .close)
          << "orthogonal, gate by gate";
    }
}

TEST_F(LayersTest, DropoutKeepsTheMeanInTraining) {
  Network network(g, 3);
  const Value ones = g.input("ones", {f32, {100, 100}});
  const Value some = layers::dropout(network, "some", ones, 0.25),
              none = layers::dropout(network, "none", ones, 1);
  const auto results = evaluate({some, none}, {{ones, Tensor::full(ones.type(), 1)}});
  std::int64_t kept = 0;
  for (const float value : results[0].to_vector<float>()) {
    EXPECT_TRUE(value == 0 || value == 4.0F / 3) << value;
    kept += value != 0;
  }
  EXPECT_NEAR(static_cast<double>(kept), 7500, 4 * std::sqrt(1e4 * 0.25 * 0.75));
  EXPECT_FALSE(any(results[1]).item<bool>());
  EXPECT_EQ(network.updates().size(), 2U) << "a key for each";
}

TEST_F(LayersTest, AttentionTakesAMask) {
  Network network(g, 1);
  const Value text = g.input("text", {f32, {1, 3, 4}}),
              mask = g.input("mask", {DType::boolean, {3, 3}});
  const Value causal = layers::multi_head_attention(network, "a", text, 2, {.causal = true});
  Network again = network.inference();
  const Value masked = layers::multi_head_attention(again, "a", text, 2, {.mask = mask});
  const auto results = evaluate(
      {causal, masked}, {{text, Rng(1).normal({1, 3, 4}, 0, 1, f32)},
                         {mask, Tensor({3, 3}, std::vector<bool>{true, false, false, true, true,
                                                                 false, true, true, true})}});
  EXPECT_TRUE(compare(results[0], results[1], 1e-5, 1e-6).close);
}

TEST_F(LayersTest, AFileOfTheParametersOfInferenceIsEnoughToServe) {
  Network network(g, 1);
  const Value training = reader(network, x);
  Network inference = network.inference();
  const Value logits = reader(inference, x);
  State state(g);
  compile(training, {.update = network.updates()})(state, images);
  const std::filesystem::path file = folder / "layers.npz";
  save(file, state, inference.parameters());

  Graph serving;
  Network alone(serving, 9, {.mode = layers::Mode::inference});
  const Value in = serving.input("x", x.type()), served = reader(alone, in);
  State loaded(serving);
  load(file, loaded);
  EXPECT_TRUE(same_bits(compile(served)(loaded, images)[0], compile(logits)(state, images)[0]));
}

TEST_F(LayersTest, DropoutIsNothingInInferenceAndForProbability0) {
  Network network(g, 1);
  EXPECT_EQ(layers::dropout(network, "none", x, 0), x);
  EXPECT_NE(layers::dropout(network, "some", x, 0.5), x);
  Network inference = network.inference();
  EXPECT_EQ(layers::dropout(inference, "some", x, 0.5), x);
}

TEST_F(LayersTest, ALayerThatThrowsLeavesEverythingAsItWas) {
  Network network(g, 1);
  layers::linear(network, "first", x, 2);
  const std::size_t nodes = g.size();
  EXPECT_THROW(layers::multi_head_attention(network, "a", x, 5), ShapeError) << "6 by 5 heads";
  EXPECT_EQ(g.size(), nodes);
  EXPECT_EQ(network.weights().size(), 2U);
  layers::multi_head_attention(network, "a", x, 3);  // the same names are free
  EXPECT_EQ(network.weights().size(), 10U);
  Network inference = network.inference();
  layers::linear(inference, "first", x, 2);
  EXPECT_THROW(layers::multi_head_attention(inference, "a", x, 5), ShapeError);
  layers::multi_head_attention(inference, "a", x, 3);
  EXPECT_EQ(names(inference.weights()), names(network.weights()));
}

TEST_F(LayersTest, RefuseBadArguments) {
  Network network(g, 1);
  const Value wide = g.input("wide", {f64, {2, 3}}), row = g.input("row", {f32, {3}});
  layers::linear(network, "out", x, 2);
  const auto again = [&] { layers::linear(network, "out", x, 2); };
  EXPECT_THROWS_HERE(
      again(), ArgumentError,
      "layers::linear: the network already has a parameter \"out/w\"; give the layer "
      "another name, or open a scope around it");
  EXPECT_THROWS_HERE(
      layers::linear(network, "a", wide, 2), TypeError,
      "layers::linear: the network is float32, but x is float64[2,3]; convert x with "
      "cast");
  EXPECT_THROWS_HERE(layers::linear(network, "a", x, 0), ArgumentError,
                     "layers::linear: out must be at least 1, got 0");
  EXPECT_THROWS_HERE(layers::batch_norm(network, "a", row), ShapeError,
                     "layers::batch_norm: x must have at least 2 axes, got float32[3]");
  EXPECT_THROWS_HERE(layers::conv2d(network, "a", x, 2, 3, {.groups = 2}), ShapeError,
                     "layers::conv2d: 2 groups do not divide the 1 channels of x "
                     "float32[5,1,6,6]");
  EXPECT_THROWS_HERE(layers::layer_norm(network, "a", row, {.axes = 2}), ShapeError,
                     "layers::layer_norm: x must have at least 2 axes, got float32[3]");
  EXPECT_THROWS_HERE(layers::layer_norm(network, "a", row, {.axes = 0}), ArgumentError,
                     "layers::layer_norm: axes must be at least 1, got 0");
  EXPECT_THROWS_HERE(layers::dropout(network, "a", x, 1.5), ArgumentError,
                     "layers::dropout: p must be in [0, 1], got 1.5");
  EXPECT_THROWS_HERE(layers::lstm_cell(network, "a", 3, 0), ArgumentError,
                     "layers::lstm_cell: width must be at least 1, got 0");
  EXPECT_THROW(layers::linear(network, "a b", x, 2), ArgumentError) << "a space in the name";
  EXPECT_THROWS_HERE(Network(g, 1, {.dtype = i64}), TypeError,
                     "layers::Network: the dtype must be float32 or float64, got int64");
  EXPECT_THROWS_HERE(layers::linear(network, "a", x, 2, {.weight = {}}), ArgumentError,
                     "layers::linear: the initialiser of \"w\" is empty");
  EXPECT_THROWS_HERE(layers::lstm_cell(network, "a", 3, 2, {.input = {}}), ArgumentError,
                     "layers::lstm_cell: the initialiser of \"input\" is empty");
  const Initializer one = [](const Type&, std::int64_t) { return Tensor(1.0F); };
  EXPECT_THROWS_HERE(layers::linear(network, "a", x, 2, {.weight = one}), TypeError,
                     "layers::linear: the initialiser of \"a/w\" returned float32[], but "
                     "float32[6,2] is needed");

  Network inference = network.inference();
  EXPECT_THROWS_HERE(layers::linear(inference, "other", x, 2), GraphError,
                     "layers::linear: the network has made no parameter \"other/w\"; it has out/w, "
                     "out/b");
  EXPECT_THROWS_HERE(layers::linear(inference, "out", x, 3), ShapeError,
                     "layers::linear: the parameter \"out/w\" is float32[6,2], but float32[6,3] is "
                     "needed here");
  const Value taken = g.parameter("taken/w", Tensor(1.0F));
  EXPECT_THROW(layers::linear(network, "taken", x, 2), GraphError);
}

TEST_F(LayersTest, RefuseOperandsThatDoNotFit) {
  Network fresh(g, 1);
  const Value wide = g.input("wide", {f64, {2, 3}});
  const layers::LstmCell lstm = layers::lstm_cell(fresh, "lstm", 4, 2);
  const layers::GruCell gru = layers::gru_cell(fresh, "gru", 4, 2);
  const Value narrow = g.input("narrow", {f32, {2, 3}});
  EXPECT_THROWS_HERE(lstm.start(narrow), ShapeError,
                     "layers::lstm_cell: inner dimensions differ: left [2,3] needs 3 rows on the "
                     "right, got [4,8] (in matmul)");
  EXPECT_THROWS_HERE(gru(narrow, narrow), ShapeError,
                     "layers::gru_cell: inner dimensions differ: left [2,3] needs 3 rows on the "
                     "right, got [4,6] (in matmul)");
  EXPECT_THROWS_HERE(gru.start(wide), TypeError,
                     "layers::gru_cell: float64 and float32 do not mix: make them one dtype with "
                     "cast(x, f64) or cast(x, f32) (in matmul)");
  EXPECT_THROWS_HERE(
      layers::embedding(fresh, "a", x, 2, 3), TypeError,
      "layers::embedding: indices must be int32 or int64, got float32[5,1,6,6] (in take)");
  EXPECT_THROWS_HERE(
      layers::multi_head_attention(fresh, "a", x, x, 5), ShapeError,
      "layers::multi_head_attention: 5 heads do not divide the last axis of x float32[5,1,6,6]");
  EXPECT_THROWS_HERE(layers::conv1d(fresh, "a", x, 2, 3), ShapeError,
                     "layers::conv1d: x must have 3 axes, got float32[5,1,6,6]");
  EXPECT_THROWS_HERE(layers::conv2d(fresh, "a", x, 2, 7), ShapeError,
                     "layers::conv2d: the kernel [2,1,7,7] spans 7 elements, but spatial axis 0 of "
                     "the input [5,1,6,6] has 6 with its padding (in conv)");
  EXPECT_TRUE(fresh.updates().empty());
  EXPECT_EQ(fresh.weights().size(), 7U) << "those of the cells";
}

}  // namespace
}  // namespace dagrad
