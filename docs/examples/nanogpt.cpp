// Learns to write like Shakespeare, letter by letter: a small GPT, held against counts of pairs.
#include "docs/examples/nanogpt.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <span>

namespace {

using namespace dagrad;

constexpr std::int64_t batch = 16;
constexpr int steps = 1000;

/// A text as numbers of its letters, in the order of their codes.
struct Text {
  std::string letters;
  std::vector<std::int64_t> tokens;

  explicit Text(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) throw FileError("cannot read " + file.string());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const std::set<char> used(text.begin(), text.end());
    letters.assign(used.begin(), used.end());
    for (const char letter : text)
      tokens.push_back(static_cast<std::int64_t>(letters.find(letter)));
  }
};

/// The tokens from each start on, as the rows of a tensor.
Tensor rows(std::span<const std::int64_t> text, std::span<const std::int64_t> starts,
            std::int64_t length) {
  Tensor out(Type{i64, {static_cast<std::int64_t>(starts.size()), length}});
  auto to = out.mutate<std::int64_t>().begin();
  for (const std::int64_t start : starts) to = std::copy_n(text.begin() + start, length, to);
  return out;
}

// [bigram]
/// Mean of -log p(next | token) over a text, p counted in another, with one added to each count.
double bigram_loss(std::span<const std::int64_t> counted, std::span<const std::int64_t> text,
                   std::size_t vocabulary) {
  std::vector<double> pairs(vocabulary * vocabulary, 1);
  std::vector<double> firsts(vocabulary, static_cast<double>(vocabulary));
  const auto pair = [&](std::span<const std::int64_t> of, std::size_t i) {
    return static_cast<std::size_t>(of[i]) * vocabulary + static_cast<std::size_t>(of[i + 1]);
  };
  for (std::size_t i = 0; i + 1 < counted.size(); ++i) {
    ++pairs[pair(counted, i)];
    ++firsts[static_cast<std::size_t>(counted[i])];
  }
  double loss = 0;
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    loss -= std::log(pairs[pair(text, i)] / firsts[static_cast<std::size_t>(text[i])]);
  return loss / static_cast<double>(text.size() - 1);
}
// [/bigram]

/// The model for `n` rows of tokens at once. Parameters have the same names for every n, so that
/// one State serves all.
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
    return {{tokens, rows(text, starts, context)}, {next, rows(text.subspan(1), starts, context)}};
  }
};

// [sample]
/// Goes on with a text for `length` letters. A run draws a successor for the letter at each place
/// of the context: what stands behind the last one is not seen by it.
std::string continue_text(const State& state, const Text& text, std::string so_far, int length,
                          const GptSizes& sizes) {
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
                   [&](char letter) { return text.letters.find(letter); });
    const Tensor next = draw_next(state, {{tokens, context}, {key, Tensor(fold_in(42, i))}})[0];
    so_far += text.letters[static_cast<std::size_t>(next.values<std::int64_t>()[seen - 1])];
  }
  return so_far;
}
// [/sample]

}  // namespace

int main(int argc, char** argv) try {
  const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
  const Text text(argc > 2 ? argv[2] : "docs/examples/data/coriolanus.txt");
  std::filesystem::create_directories(folder);
  const GptSizes sizes{
      .layers = 2, .heads = 4, .width = 48, .context = 32, .vocabulary = std::ssize(text.letters)};
  const std::span all(text.tokens);
  const auto learnt = all.first(all.size() * 9 / 10), held_out = all.subspan(learnt.size());

  // [train]
  Network network(batch, sizes);
  const std::vector<Value>& weights = network.gpt.weights;
  const Advancing step = step_counter(network.graph);
  const Value done = cast(step.now + 1, f32) / steps;
  const Value rate = 4e-3 * minimum(20 * done, 1 - 0.9 * done);  // warms up, then falls
  const Clipped clipped = clip_by_global_norm(gradient(network.loss, weights), 1.0);
  const auto updates = adamw(weights, clipped.gradients, rate, {.beta2 = 0.99, .step = step.now});
  const Function train = compile({network.loss}, {.update = join({updates, {step.update}})});

  State state(network.graph);
  Rng rng(2);
  for (int i = 0; i < steps; ++i) {
    const auto end = static_cast<std::int64_t>(learnt.size()) - sizes.context;
    const auto starts = rng.integers({batch}, 0, end).to_vector<std::int64_t>();
    const float loss = train(state, network.feeds(learnt, starts))[0].item<float>();
    if (i % 200 == 0) fmt::print("step {}: loss {:.2f}\n", i, loss);
  }
  // [/train]

  // [compare]
  std::vector<std::int64_t> starts;  // the held-out text, context by context
  for (std::int64_t at = 0; at + sizes.context < std::ssize(held_out); at += sizes.context)
    starts.push_back(at);
  const Network whole(std::ssize(starts), sizes);
  const double gpt = compile({whole.loss})(state, whole.feeds(held_out, starts))[0].item<float>();
  const double bigram = bigram_loss(learnt, held_out, text.letters.size());
  // [/compare]
  fmt::print("\non the held-out tenth: loss {:.3f}, of counted pairs {:.3f}\n\n{}\n", gpt, bigram,
             continue_text(state, text, "CORIOLANUS:\n", 400, sizes));
  const DotOptions picture{
      .title = "A GPT of two layers", .fetches = {network.loss}, .only_needed = true};
  write_dot(folder / "nanogpt_graph.dot", network.graph, picture);
  draw(folder / "nanogpt_graph.svg", network.graph, picture);
  return gpt < bigram ? 0 : 1;
} catch (const dagrad::Error& error) {
  fmt::print(stderr, "{}\n", error.what());
  return 1;
}
