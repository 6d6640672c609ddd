// Guide: layers. A small network for images with one code for training and inference.
#include <dagrad/train.hpp>

#include <iomanip>
#include <iostream>
#include <vector>

using namespace dagrad;

// [network]
Value reader(layers::Network& network, const Value& images) {
  Value x = layers::conv2d(network, "conv", images, 8, 3, {.padding = {1}, .bias = false});
  x = relu(layers::batch_norm(network, "norm", x));
  x = global_avg_pool(max_pool2d(x, {.window = {2, 2}, .stride = {2, 2}}));
  const Scope scope = network.graph().scope("head");
  x = relu(layers::linear(network, "hidden", x, 16, {.weight = initializers::he_normal()}));
  return layers::linear(network, "out", layers::dropout(network, "drop", x, 0.2), 2);
}
// [/network]

// [own]
/// Multiplies each channel by a gate that depends on all of them.
Value gated(layers::Network& network, std::string_view name, const Value& x) {
  const Scope scope = network.graph().scope(name);
  const Value w = network.weight("w", {x.shape()[-1], x.shape()[-1]}, initializers::orthogonal());
  return x * sigmoid(matmul(x, w));
}
// [/own]

// [transformer]
Value block(layers::Network& network, std::string_view name, const Value& x) {
  const Scope scope = network.graph().scope(name);
  const std::int64_t width = x.shape()[-1];
  const Value seen = layers::multi_head_attention(
      network, "attention", layers::layer_norm(network, "norm1", x), 4, {.causal = true});
  const Value y = x + layers::dropout(network, "drop1", seen, 0.1);
  const Value hidden =
      gelu(layers::linear(network, "in", layers::layer_norm(network, "norm2", y), 4 * width));
  return y + layers::dropout(network, "drop2", layers::linear(network, "out", hidden, width), 0.1);
}
// [/transformer]

// [recurrent]
/// The last hidden state of an LSTM that reads x [batch, steps, features].
Value read_sequence(layers::Network& network, std::string_view name, const Value& x) {
  const layers::LstmCell cell = layers::lstm_cell(network, name, x.shape()[2], 32);
  const std::vector<Value> inputs = unstack(x, 1);
  layers::LstmState state = cell.start(inputs[0]);
  for (const Value& input : inputs) state = cell(input, state);
  return state.hidden;
}
// [/recurrent]

// [batch]
/// Images with horizontal stripes (label 0) or vertical ones (label 1), and noise.
Feeds stripes(std::int64_t key, std::int64_t n) {
  Rng rng(key);
  Tensor images = rng.normal({n, 1, 8, 8}, 0, 0.5, f32), labels(Type{i64, {n}});
  const auto pixels = images.mutate<float>();
  const auto label = labels.mutate<std::int64_t>();
  for (std::int64_t i = 0; i < n; ++i) {
    label[static_cast<std::size_t>(i)] = rng.integer(0, 2);
    for (std::int64_t pixel = 0; pixel < 64; ++pixel) {
      const std::int64_t across = label[static_cast<std::size_t>(i)] == 0 ? pixel / 8 : pixel % 8;
      if (across % 2 == 0) pixels[static_cast<std::size_t>(64 * i + pixel)] += 1;
    }
  }
  return {{"images", images}, {"labels", labels}};
}
// [/batch]

Tensor vertical_stripes() {
  std::vector<float> pixels(64);
  for (std::size_t i = 0; i < 64; i += 2) pixels[i] = 1;
  return Tensor({1, 1, 8, 8}, pixels);
}

int main() {
  // [build]
  Graph graph;
  const Value images = graph.input("images", {f32, {64, 1, 8, 8}});
  const Value labels = graph.input("labels", {i64, {64}});

  layers::Network network(graph, 1);  // 1 is the key of the initial values
  const Value loss = cross_entropy(reader(network, images), labels);
  layers::Network inference = network.inference();  // finds the same weights
  const Value hits = equal(argmax(reader(inference, images), 1), labels);
  const Value accuracy = mean(cast(hits, f32));

  const std::vector<Value>& weights = network.weights();
  const std::vector<Update> steps = adam(weights, gradient(loss, weights), 0.01);
  const Function train = compile(loss, {.update = join({steps, network.updates()})});
  const Function test = compile(accuracy);
  // [/build]

  // [run]
  State state(graph);
  std::cout << std::setprecision(2) << std::boolalpha;
  for (int i = 0; i <= 60; ++i) {
    const float now = train(state, stripes(i, 64))[0].item<float>();
    if (i % 20 == 0) std::cout << "step " << i << ": loss " << now << "\n";
  }
  const float right = test(state, stripes(1000, 64))[0].item<float>();
  std::cout << "accuracy above 0.9: " << (right > 0.9F) << "\n";
  // [/run]

  // [serve]
  save("reader.npz", state, inference.parameters());  // the weights and running statistics

  Graph serving;
  const Value image = serving.input("image", {f32, {1, 1, 8, 8}});
  layers::Network served(serving, 0, {.mode = layers::Mode::inference});
  const Function classify = compile(softmax(reader(served, image), 1));
  State loaded(serving);
  load("reader.npz", loaded);
  const Tensor probabilities = classify(loaded, {{image, vertical_stripes()}})[0];
  std::cout << "vertical: " << (probabilities.at(1) > 0.9) << "\n";
  // [/serve]

  // [names]
  for (const Value& weight : weights)
    std::cout << weight.name() << " " << to_string(weight.type()) << "\n";
  for (const Update& update : network.updates())
    std::cout << update.parameter.name() << " is advanced by each step\n";
  // [/names]

  // [others]
  Graph other;
  const Value text = other.input("text", {i64, {2, 6}});
  layers::Network model(other, 7);
  Value x = layers::embedding(model, "letters", text, 30, 32);
  for (const char* const name : {"block0", "block1"}) x = block(model, name, x);
  const Value read = read_sequence(model, "lstm", gated(model, "gate", x));
  std::cout << "[batch, steps] " << to_string(text.shape()) << " became " << to_string(read.shape())
            << ", with " << model.weights().size() << " weights\n";
  // [/others]
}
