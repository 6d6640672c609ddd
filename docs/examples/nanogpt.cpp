// Learns to write like Shakespeare, letter by letter: a small GPT, compared with counts of pairs.
#include "docs/examples/nanogpt.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "docs/examples/letters.hpp"

namespace {

using namespace dagrad;

constexpr std::int64_t batch_size = 16;
constexpr int steps = 1000;

/// The model for a batch of `n` rows of tokens. Parameters have the same names for every n, so one
/// State serves all of them.
struct Network {
  Graph graph;
  Value tokens, next;
  Gpt gpt;
  Value loss;

  Network(std::int64_t n, const GptSizes& sizes)
      : tokens(graph.input("tokens", {i64, {n, sizes.context}})),
        next(graph.input("next", {i64, {n, sizes.context}})),
        gpt(graph, tokens, sizes, Rng(1)),
        loss(cross_entropy(gpt.logits, next).named("loss")) {}

  Feeds feeds(std::span<const std::int64_t> text, std::span<const std::int64_t> starts) const {
    const std::int64_t context = tokens.shape()[1];
    return {{tokens, letters::rows(text, starts, context)},
            {next, letters::rows(text.subspan(1), starts, context)}};
  }
};

// [sample]
/// Continues a text by `length` letters. Each run draws a successor for every position of the
/// context; the padding after the last letter does not affect that letter's successor.
std::string continue_text(const State& state, const letters::Text& text, std::string so_far,
                          int length, const GptSizes& sizes) {
  Graph graph;
  const Value tokens = graph.input("tokens", {i64, {1, sizes.context}});
  const Value key = graph.input("key", {i64, {}});
  const Gpt gpt(graph, tokens, sizes, Rng(1));
  const Function draw_next = compile({categorical(key, gpt.logits)});

  for (int i = 0; i < length; ++i) {
    const auto seen = std::min(so_far.size(), static_cast<std::size_t>(sizes.context));
    Tensor context(tokens.type());
    std::transform(so_far.end() - static_cast<std::ptrdiff_t>(seen), so_far.end(),
                   context.mutate<std::int64_t>().begin(),
                   [&](char letter) { return text.alphabet.find(letter); });
    const Tensor next = draw_next(state, {{tokens, context}, {key, Tensor(fold_in(42, i))}})[0];
    so_far += text.alphabet[static_cast<std::size_t>(next.values<std::int64_t>()[seen - 1])];
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
  const GptSizes sizes{
      .layers = 2, .heads = 4, .width = 48, .context = 32, .vocabulary = std::ssize(text.alphabet)};
  const std::span all(text.tokens);
  const auto learnt = all.first(all.size() * 9 / 10), held_out = all.subspan(learnt.size());

  // [train]
  Network network(batch_size, sizes);
  const std::vector<Value>& weights = network.gpt.weights;
  const Advancing step = step_counter(network.graph);
  const Value done = cast(step.now + 1, f32) / steps;
  const Value rate = 4e-3 * minimum(20 * done, 1 - 0.9 * done);  // warms up, then falls
  const Clipped clipped = clip_by_global_norm(gradient(network.loss, weights), 1.0);
  const auto updates = adamw(weights, clipped.gradients, rate, {.beta2 = 0.99, .step = step});
  const Function train = compile(network.loss, {.update = updates});

  State state(network.graph);
  Rng rng(2);
  for (int i = 0; i < steps; ++i) {
    const auto end = static_cast<std::int64_t>(learnt.size()) - sizes.context;
    const auto starts = rng.integers({batch_size}, 0, end).to_vector<std::int64_t>();
    const float loss = train(state, network.feeds(learnt, starts))[0].item<float>();
    if (i % 200 == 0) fmt::print("step {}: loss {:.2f}\n", i, loss);
  }
  // [/train]

  // [compare]
  std::vector<std::int64_t> starts;  // of the contexts that make up the held-out text
  for (std::int64_t at = 0; at + sizes.context < std::ssize(held_out); at += sizes.context)
    starts.push_back(at);
  const Network whole(std::ssize(starts), sizes);
  const double gpt = compile({whole.loss})(state, whole.feeds(held_out, starts))[0].item<float>();
  const double bigram = letters::bigram_loss(learnt, held_out, text.alphabet.size());
  // [/compare]
  fmt::print("\non the held-out tenth: loss {:.3f}, counts of pairs {:.3f}\n\n{}\n", gpt, bigram,
             continue_text(state, text, "CORIOLANUS:\n", 400, sizes));
  const PictureOptions picture{
      .title = "A GPT of two layers", .fetches = {network.loss}, .only_needed = true};
  write_dot(folder / "nanogpt_graph.dot", network.graph, picture);
  draw(folder / "nanogpt_graph.svg", network.graph, picture);
  return gpt < bigram ? 0 : 1;
} catch (const dagrad::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
