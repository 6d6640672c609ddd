// Values with a JVP along all weights, compared with values with a VJP, the gradient of all
// weights.
#include <string>
#include <vector>

#include "dagrad/train.hpp"
#include "docs/examples/lenet5.hpp"
#include "docs/examples/nanogpt.hpp"
#include "docs/examples/resnet18.hpp"
#include "tests/bench/bench.hpp"
#include "tests/models/adbench_gmm.hpp"
#include "tests/models/adbench_lstm.hpp"

namespace dagrad::bench {

namespace {

/// Prints how many times as many nodes, and as much time, the JVP takes.
void compare(const Settings& settings, const std::string& model, Graph& graph, const Value& loss,
             const std::vector<Value>& weights, State state, const Feeds& feeds) {
  std::vector<Value> tangents;
  for (const Value& weight : weights)
    tangents.push_back(graph.constant(Rng(1).normal(weight.shape(), 0, 1, weight.dtype())));
  const std::vector<Value> forward{loss, jvp(ValueSpan(loss), weights, tangents)[0]};
  const std::vector<Value> backward = value_and_gradient(loss, weights);
  const Function both[] = {compile(forward, {.threads = settings.threads}),
                           compile(backward, {.threads = settings.threads})};
  print(settings, "tangents", model + ", nodes that run", "ratio",
        static_cast<double>(both[0].nodes()) / static_cast<double>(both[1].nodes()));
  const auto bound = [&](const Function& function) {
    BoundRun run = function.bind(state);
    for (const Feed& feed : feeds) run.feed(feed.value, feed.tensor);
    return run;
  };
  BoundRun with_jvp = bound(both[0]), with_vjp = bound(both[1]);
  print(settings, "tangents", model + ", time", "ratio",
        ratio([&] { with_vjp(); }, [&] { with_jvp(); }));
}

void dense_layers(const Settings& settings, const std::string& model, const Type& type,
                  const std::vector<std::int64_t>& sizes, bool smooth) {
  Graph graph;
  Rng rng(0);
  const Value x = graph.input("x", type);
  const Value y = graph.input("y", {i64, {type.shape[0]}});
  std::vector<Value> weights;
  Value h = x;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    const std::string layer = std::to_string(i);
    weights.push_back(
        graph.parameter("w" + layer, rng.normal({sizes[i], sizes[i + 1]}, 0, 0.05, type.dtype)));
    weights.push_back(graph.parameter("b" + layer, Tensor(Type{type.dtype, {sizes[i + 1]}})));
    h = matmul(h, weights[2 * i]) + weights[2 * i + 1];
    if (i + 2 < sizes.size()) h = smooth ? sigmoid(h) : relu(h);
  }
  compare(settings, model, graph, cross_entropy(h, y), weights, State(graph),
          {{x, rng.normal(type.shape, 0, 1, type.dtype)},
           {y, rng.integers({type.shape[0]}, 0, sizes.back())}});
}

template <class Model, class Sizes>
void images(const Settings& settings, const std::string& model, const Shape& shape,
            const Sizes& sizes) {
  Graph graph;
  Rng rng(0);
  const Value x = graph.input("x", {f32, shape}), y = graph.input("y", {i64, {shape[0]}});
  const Model made(graph, x, sizes, rng);
  compare(settings, model, graph, cross_entropy(made.logits, y), made.weights, State(graph),
          {{x, rng.normal(shape, 0, 1, f32)}, {y, rng.integers({shape[0]}, 0, sizes.classes)}});
}

void letters(const Settings& settings) {
  constexpr GptSizes sizes{.layers = 4, .heads = 4, .width = 128, .context = 64, .vocabulary = 65};
  const Type tokens{i64, {12, sizes.context}};
  Graph graph;
  Rng rng(0);
  const Value x = graph.input("x", tokens), y = graph.input("y", tokens);
  const Gpt gpt(graph, x, sizes, rng);
  compare(settings, "nanogpt", graph, cross_entropy(gpt.logits, y), gpt.weights, State(graph),
          {{x, rng.integers(tokens.shape, 0, sizes.vocabulary)},
           {y, rng.integers(tokens.shape, 0, sizes.vocabulary)}});
}

}  // namespace

void tangents(const Settings& settings) {
  dense_layers(settings, "xor", {f64, {4, 2}}, {2, 3, 2}, true);
  dense_layers(settings, "mlp", {f32, {64, 784}}, {784, 512, 512, 10}, false);
  images<LeNet5>(settings, "lenet5", {64, 1, 28, 28}, LeNet5Sizes());
  images<ResNet18>(settings, "resnet18", {4, 3, 32, 32}, ResNet18Sizes());
  letters(settings);
  const adbench::Gmm points = adbench::read_gmm(adbench::file("gmm_d20_K50"));
  adbench::GmmNetwork gmm(points);
  compare(settings, "gmm", gmm.graph, gmm.objective, gmm.mixture.weights, gmm.state(points),
          {{gmm.points, points.x}});
  const adbench::Lstm sequence = adbench::read_lstm(adbench::file("lstm_l2_c1024"));
  adbench::LstmNetwork lstm(sequence);
  compare(settings, "lstm", lstm.graph, lstm.loss, lstm.parameters, lstm.state(sequence),
          {{lstm.sequence, sequence.sequence}});
}

}  // namespace dagrad::bench
