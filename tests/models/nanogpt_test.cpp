#include "docs/examples/nanogpt.hpp"

#include <gtest/gtest.h>

#include "dagrad/check.hpp"
#include "tests/golden/golden.hpp"
#include "tests/models/weights.hpp"
#include "tests/sanitized.hpp"

namespace dagrad::models {
namespace {

/// The weights of tests/golden/models/nanogpt.py: the i-th is drawn from stream 100 + i, around 1
/// if it scales a normalisation.
Tensor golden_weight(const Value& weight, std::uint64_t i) {
  const double centre = weight.name().ends_with("/scale") ? 1 : 0;
  return uniform_at(100 + i, weight.shape(), 0.3, weight.dtype(), centre);
}

struct Network {
  Graph graph;
  Value tokens, next;
  Gpt gpt;
  Value loss;

  Network(std::int64_t batch, const GptSizes& sizes, DType dtype)
      : tokens(graph.input("tokens", {i64, {batch, sizes.context}})),
        next(graph.input("next", {i64, {batch, sizes.context}})),
        gpt(graph, tokens, sizes, Rng(1), dtype),
        loss(cross_entropy(gpt.logits, next)) {}

  Feeds feeds(std::uint64_t seed, std::int64_t vocabulary) const {
    const std::int64_t batch = tokens.shape()[0], context = tokens.shape()[1];
    const Tensor text = integers_at(seed, {batch, context + 1}, vocabulary);
    return {{tokens, columns(text, 0, context)}, {next, columns(text, 1, context)}};
  }
};

void expect_losses(DType dtype, const std::vector<double>& want, double bound) {
  constexpr GptSizes sizes{.layers = 2, .heads = 4, .width = 32, .context = 16, .vocabulary = 19};
  Network network(3, sizes, dtype);
  const auto& weights = network.gpt.weights;
  const auto updates = adamw(weights, gradient(network.loss, weights), 3e-3, {.weight_decay = 0.1});
  const Function train = compile({network.loss}, {.update = updates});
  State state(network.graph);
  for (std::size_t i = 0; i < weights.size(); ++i)
    state.set(weights[i], golden_weight(weights[i], i));
  for (std::size_t step = 0; step < want.size(); ++step) {
    const Tensor loss = train(state, network.feeds(step % 2, sizes.vocabulary))[0];
    EXPECT_NEAR(loss.at(0), want[step], bound * want[step]) << "step " << step;
  }
}

TEST(NanoGpt, LearnsAsInPyTorch) {
  const golden::Losses losses = golden::read_losses("nanogpt");
  expect_losses(f32, losses.float32, 1e-5);
  expect_losses(f64, losses.float64, 1e-11);
}

// Small weights element by element, the token table and the positions among them, where tokens
// occur several times and not at all; the others along random directions.
TEST(NanoGpt, HasTheGradientOfFiniteDifferences) {
  constexpr GptSizes sizes{.layers = 2, .heads = 2, .width = 8, .context = 6, .vocabulary = 7};
  const Network network(2, sizes, f64);
  const auto& weights = network.gpt.weights;
  Feeds feeds = network.feeds(0, sizes.vocabulary - 1);
  for (std::size_t i = 0; i < weights.size(); ++i)
    feeds.emplace_back(weights[i], golden_weight(weights[i], i));
  const CheckReport report = check_gradient(network.loss, weights, feeds, lighter());
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_GE(report.count(Verdict::agree), weights.size() * (sanitized ? 1 : 8));
}

// The prediction for a token must not depend on later tokens.
TEST(NanoGpt, DoesNotSeeLaterTokens) {
  constexpr GptSizes sizes{.layers = 2, .heads = 2, .width = 8, .context = 6, .vocabulary = 7};
  const Network network(1, sizes, f64);
  const Tensor text = integers_at(3, {1, 6}, 7);
  Tensor other = text;
  other.mutate<std::int64_t>()[4] = (text.values<std::int64_t>()[4] + 1) % 7;
  const Tensor a = evaluate(network.gpt.logits, {{network.tokens, text}}),
               b = evaluate(network.gpt.logits, {{network.tokens, other}});
  for (std::int64_t i = 0; i < a.size(); ++i)
    EXPECT_EQ(a.at(i) == b.at(i), i < 4 * sizes.vocabulary) << "element " << i;
}

}  // namespace
}  // namespace dagrad::models
