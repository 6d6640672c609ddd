// Learns to write like Shakespeare, letter by letter: an LSTM that keeps its state from run to run,
// compared with counts of letter pairs.
#include "docs/examples/lstm.hpp"

#include <fmt/core.h>

#include <filesystem>
#include <span>

#include "docs/examples/letters.hpp"

namespace {

using namespace dagrad;

constexpr std::int64_t streams = 16, steps = 32;
constexpr int runs = 800;

/// Predicts the next letters of several streams of text at once.
struct Network {
  Graph graph;
  Value tokens, next;
  Lstm lstm;
  Value loss;

  Network(std::int64_t batch, std::int64_t length, const LstmSizes& sizes)
      : tokens(graph.input("tokens", {i64, {batch, length}})),
        next(graph.input("next", {i64, {batch, length}})),
        lstm(graph, tokens, sizes, Rng(1)),
        loss(cross_entropy(lstm.logits, next).named("loss")) {}

  Feeds feeds(std::span<const std::int64_t> text, std::span<const std::int64_t> starts) const {
    const std::int64_t length = tokens.shape()[1];
    return {{tokens, letters::rows(text, starts, length)},
            {next, letters::rows(text.subspan(1), starts, length)}};
  }

  /// A State with weights that were trained on another number of streams, and nothing read yet.
  State with_weights(const State& learnt) const {
    State state(graph);
    for (const Value& weight : lstm.weights) state.set(weight, learnt.get(weight.name()));
    return state;
  }
};

// [evaluate]
/// Mean loss over a text, read from beginning to end.
double loss_of(const State& learnt, std::span<const std::int64_t> text, const LstmSizes& sizes) {
  const Network network(1, steps, sizes);
  const Function read = compile({network.loss}, {.update = network.lstm.carried});
  State state = network.with_weights(learnt);
  const std::int64_t parts = (std::ssize(text) - 1) / steps;
  double sum = 0;
  for (std::int64_t i = 0; i < parts; ++i) {
    const std::int64_t start[] = {i * steps};
    sum += read(state, network.feeds(text, start))[0].item<float>();
  }
  return sum / static_cast<double>(parts);
}
// [/evaluate]

// [sample]
/// Continues a text by `length` letters: reads one letter, draws the next.
std::string continue_text(const State& learnt, const letters::Text& text, std::string so_far,
                          int length, const LstmSizes& sizes) {
  Network network(1, 1, sizes);
  const Value key = network.graph.input("key", {i64, {}});
  const Function read =
      compile({categorical(key, network.lstm.logits)}, {.update = network.lstm.carried});
  State state = network.with_weights(learnt);
  const std::size_t end = so_far.size() + static_cast<std::size_t>(length);
  for (std::size_t i = 0; so_far.size() < end; ++i) {
    const auto token = static_cast<std::int64_t>(text.alphabet.find(so_far[i]));
    const auto seed = static_cast<std::int64_t>(i);
    const Tensor drawn = read(state, {{network.tokens, Tensor::full({i64, {1, 1}}, token)},
                                      {key, Tensor(fold_in(42, seed))}})[0];
    if (i + 1 == so_far.size()) so_far += text.alphabet[static_cast<std::size_t>(drawn.at(0))];
  }
  return so_far;
}
// [/sample]

}  // namespace

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const letters::Text text =
      letters::read(argc > 2 ? argv[2] : "docs/examples/data/coriolanus.txt");
  std::filesystem::create_directories(folder);
  const LstmSizes sizes{.layers = 1, .width = 64, .vocabulary = std::ssize(text.alphabet)};
  const std::span all(text.tokens);
  const auto learnt = all.first(all.size() * 9 / 10), held_out = all.subspan(learnt.size());

  // [train]
  Network network(streams, steps, sizes);
  const std::vector<Value>& weights = network.lstm.weights;
  const Clipped clipped = clip_by_global_norm(gradient(network.loss, weights), 1.0);
  const auto updates = adam(weights, clipped.gradients, 8e-3);
  const Function train = compile({network.loss}, {.update = join({updates, network.lstm.carried})});

  State state(network.graph);
  const std::int64_t stream = (std::ssize(learnt) - 1) / streams;
  for (int i = 0; i < runs; ++i) {
    std::vector<std::int64_t> starts;
    for (std::int64_t j = 0; j < streams; ++j)
      starts.push_back(j * stream + i % (stream / steps) * steps);
    const float loss = train(state, network.feeds(learnt, starts))[0].item<float>();
    if (i % 200 == 0) fmt::print("run {}: loss {:.2f}\n", i, loss);
  }
  // [/train]

  const double lstm = loss_of(state, held_out, sizes);
  const double bigram = letters::bigram_loss(learnt, held_out, text.alphabet.size());
  fmt::print("\non the held-out tenth: loss {:.3f}, counts of pairs {:.3f}\n\n{}\n", lstm, bigram,
             continue_text(state, text, "CORIOLANUS:\n", 400, sizes));

  const Network small(2, 3, sizes);
  const PictureOptions picture{.title = "An LSTM reads three letters of two texts",
                           .fetches = {small.loss},
                           .open_scopes = 1};
  write_dot(folder / "lstm_graph.dot", small.graph, picture);
  draw(folder / "lstm_graph.svg", small.graph, picture);
  return lstm < bigram ? 0 : 1;
} catch (const dagrad::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
