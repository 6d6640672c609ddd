// A small GPT whose training is interrupted and continues to the same bits.
#include <csignal>
#include <filesystem>
#include <iostream>
#include <span>

#include "dagrad/train.hpp"
#include "docs/examples/letters.hpp"
#include "docs/examples/nanogpt.hpp"

using namespace dagrad;

namespace {

/// A GPT, its loss and its updates, for batches of 16 pieces of text.
struct Network {
  Graph graph;
  Value tokens, next;
  Gpt gpt;
  Model model;

  explicit Network(const GptSizes& sizes)
      : tokens(graph.input("tokens", {i64, {16, sizes.context}})),
        next(graph.input("next", {i64, {16, sizes.context}})),
        gpt(graph, tokens, sizes, Rng(1)) {
    const Value loss = cross_entropy(gpt.logits, next);
    const Clipped clipped = clip_by_global_norm(gradient(loss, gpt.weights), 1.0);
    model = {.loss = loss,
             .update = adamw(gpt.weights, clipped.gradients, 4e-3),
             .inputs = {{tokens, "tokens"}, {next, "next"}}};
  }
};

/// Pieces of a text, and for each letter the one that follows it.
Dataset pieces(const letters::Text& text, std::int64_t length) {
  std::vector<std::int64_t> starts;
  for (std::int64_t at = 0; at + length < std::ssize(text.tokens); at += 2 * length)
    starts.push_back(at);
  const std::span all(text.tokens);
  return {{"tokens", letters::rows(all, starts, length)},
          {"next", letters::rows(all.subspan(1), starts, length)}};
}

}  // namespace

int main(int argc, char** argv) {
  const letters::Text text =
      letters::read(argc > 1 ? argv[1] : "docs/examples/data/coriolanus.txt");
  const GptSizes sizes{
      .layers = 2, .heads = 4, .width = 32, .context = 32, .vocabulary = std::ssize(text.alphabet)};
  const Dataset data = pieces(text, sizes.context);
  std::cout << data << "\n";
  const Network network(sizes);

  // [options]
  FitOptions options{.epochs = 3, .hold_out = 0.1, .checkpoint = "gpt.npz"};
  options.log = [](LogLevel, std::string_view line) { std::cout << line << "\n"; };
  // [/options]
  std::filesystem::remove(options.checkpoint);  // of an earlier run of this example

  // [interrupt]
  State state(network.graph);
  options.on_step = [](StepEvent& event) {
    if (event.step == 100) (void)std::raise(SIGINT);  // as Ctrl-C does
  };
  const Fitted part = fit(network.model, state, data, options);
  const bool interrupted = part.stopped == Stopped::interrupted;
  // [/interrupt]

  // [resume]
  const Network again(sizes);  // as in another process
  State resumed(again.graph);
  options.on_step = {};
  const Fitted whole = fit(again.model, resumed, data, options);
  // [/resume]

  options.checkpoint.clear();
  options.log = {};
  options.progress = ProgressStyle::none;
  State uninterrupted(network.graph);
  (void)fit(network.model, uninterrupted, data, options);
  bool same = true;
  for (const auto& [name, value] : uninterrupted.values())
    same = same && same_bits(value, resumed.get(name));
  std::cout << "the same bits as without an interruption: " << std::boolalpha << same << "\n";
  return interrupted && same && whole.history.epochs() == 3 ? 0 : 1;
}
