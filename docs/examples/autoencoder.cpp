// An autoencoder: a network that describes an image of 64 pixels by 8 numbers, and draws the image
// again from these.
#include <dagrad/train.hpp>

#include <iomanip>
#include <iostream>

#include "docs/examples/show/images.hpp"

using namespace dagrad;

namespace {

constexpr std::int64_t pixels = 64, hidden = 64, code_size = 8, batch_size = 32;

// [model]
/// The network for a batch of `n` images.
struct Autoencoder {
  Graph graph;
  Value images, seen, code, drawn, loss;
  std::vector<Value> weights;

  explicit Autoencoder(std::int64_t n) {
    images = graph.input("images", {f32, {n, pixels}});  // from 0 to 16
    seen = images / 16;
    code = layer("code", tanh(layer("encode", seen, hidden)), code_size);
    drawn = sigmoid(layer("draw", tanh(layer("decode", code, hidden)), pixels));
    loss = mse(drawn, seen);  // it is to draw what it has seen
  }

 private:
  Value layer(std::string_view name, const Value& x, std::int64_t size) {
    const Scope scope = graph.scope(name);
    weights.push_back(graph.parameter("w", rng.glorot_uniform({x.shape()[1], size}, f32)));
    weights.push_back(graph.parameter("b", Tensor(Type{f32, {size}})));
    return matmul(x, weights[weights.size() - 2]) + weights.back();
  }
  Rng rng{1};
};
// [/model]

/// The first image of each digit.
Tensor one_of_each(const Dataset& digits) {
  std::vector<std::int64_t> first(10);
  for (std::int64_t row = digits.rows() - 1; row >= 0; --row)
    first[static_cast<std::size_t>(digits["digit"].at(row))] = row;
  return digits.take(Tensor::of(first))["image"];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;

  // [data]
  const Dataset digits =
      read_csv_dataset(argv[1], {{"image", f32, {"p00"}, "p77"}, {"digit", i64}});
  std::cout << digits << "\n";
  const auto [training, held_out] = split_data(digits, 0.2, {.stratify = "digit"});
  // [/data]

  // [train]
  const Autoencoder network(batch_size);
  const auto updates = adam(network.weights, gradient(network.loss, network.weights), 0.003);
  State state(network.graph);
  const Fitted fitted = fit({network.loss, updates, {{network.images, "image"}}}, state, training,
                            {.epochs = 60, .validation = held_out});
  const double error = fitted.history["validation"].back();
  std::cout << std::setprecision(2) << "mean squared error of images held out: " << error << "\n";
  // [/train]

  // [draw]
  const Autoencoder ten(10);  // the same network for ten images
  const Tensor images = one_of_each(held_out);
  const auto pictures = compile({ten.seen, ten.drawn})(fitted.best, {{ten.images, images}});
  const Shape square{10, 8, 8};
  show::draw_images("autoencoder.svg", {{"seen", pictures[0].reshaped(square)},
                                        {"drawn", pictures[1].reshaped(square)}});
  // [/draw]

  // Eight principal components, the best linear code of that size, leave an error of 0.024
  // (tests/golden/example_figures.py).
  return error < 0.02 ? 0 : 1;
}
