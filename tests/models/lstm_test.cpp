#include <cmath>

#include "docs/examples/lstm.hpp"

#include <gtest/gtest.h>

#include "dagrad/check.hpp"
#include "tests/golden/golden.hpp"
#include "tests/models/adbench_lstm.hpp"
#include "tests/models/weights.hpp"

namespace dagrad::models {
namespace {

struct Network {
  Graph graph;
  Value tokens, next;
  Lstm lstm;
  Value loss;

  Network(const Shape& shape, const LstmSizes& sizes, DType dtype)
      : tokens(graph.input("tokens", {i64, shape})),
        next(graph.input("next", {i64, shape})),
        lstm(graph, tokens, sizes, Rng(1), dtype),
        loss(cross_entropy(lstm.logits, next)) {}

  Feeds feeds(std::uint64_t seed, std::int64_t vocabulary) const {
    const std::int64_t batch = tokens.shape()[0], length = tokens.shape()[1];
    const Tensor text = integers_at(seed, {batch, length + 1}, vocabulary);
    return {{tokens, columns(text, 0, length)}, {next, columns(text, 1, length)}};
  }
};

/// The weights of tests/golden/models/lstm.py: the i-th is drawn from stream 100 + i.
Tensor golden_weight(const Value& weight, std::uint64_t i) {
  return uniform_at(100 + i, weight.shape(), 0.5, weight.dtype());
}

void expect_losses(DType dtype, const std::vector<double>& want, double bound) {
  constexpr LstmSizes sizes{.layers = 2, .width = 12, .vocabulary = 11};
  Network network({3, 7}, sizes, dtype);
  const auto& weights = network.lstm.weights;
  const auto learnt = adam(weights, gradient(network.loss, weights), 1e-2);
  const Function train = compile({network.loss}, {.update = join({learnt, network.lstm.carried})});
  State state(network.graph);
  for (std::size_t i = 0; i < weights.size(); ++i)
    state.set(weights[i], golden_weight(weights[i], i));
  for (std::size_t step = 0; step < want.size(); ++step) {
    const Tensor loss = train(state, network.feeds(step % 2, sizes.vocabulary))[0];
    EXPECT_NEAR(loss.at(0), want[step], bound * want[step]) << "step " << step;
  }
}

TEST(Lstm, LearnsLikePyTorch) {
  const golden::Losses losses = golden::read_losses("lstm");
  expect_losses(f32, losses.float32, 1e-5);
  expect_losses(f64, losses.float64, 1e-11);
}

// Includes the initial states of the layers, which are not zero here.
TEST(Lstm, HasTheGradientOfFiniteDifferences) {
  constexpr LstmSizes sizes{.layers = 2, .width = 3, .vocabulary = 5};
  const Network network({2, 4}, sizes, f64);
  std::vector<Value> xs = network.lstm.weights;
  for (const Update& state : network.lstm.carried) xs.push_back(state.parameter);
  Feeds feeds = network.feeds(0, sizes.vocabulary - 1);
  for (std::size_t i = 0; i < xs.size(); ++i) feeds.emplace_back(xs[i], golden_weight(xs[i], i));
  const CheckReport report = check_gradient(network.loss, xs, feeds);
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_GE(report.count(Verdict::agree), xs.size() * 5);
}

// Two consecutive texts, read in one run and in two runs.
TEST(Lstm, ContinuesFromItsState) {
  constexpr LstmSizes sizes{.layers = 2, .width = 3, .vocabulary = 5};
  const Network whole({2, 6}, sizes, f64), half({2, 3}, sizes, f64);
  const Tensor text = integers_at(0, {2, 6}, sizes.vocabulary);
  const Tensor at_once = evaluate(whole.lstm.logits, {{whole.tokens, text}});
  const Function read = compile({half.lstm.logits}, {.update = half.lstm.carried});
  State state(half.graph);
  for (std::int64_t part = 0; part < 2; ++part) {
    const Tensor got = read(state, {{half.tokens, columns(text, 3 * part, 3)}})[0];
    for (std::int64_t row = 0; row < 2; ++row)
      for (std::int64_t i = 0; i < 15; ++i)
        EXPECT_DOUBLE_EQ(got.at(15 * row + i), at_once.at(30 * row + 15 * part + i));
  }
}

TEST(DiagonalLstm, HasTheGradientOfFiniteDifferences) {
  Graph graph;
  const Value sequence = graph.input("sequence", {f64, {6, 3}});
  const DiagonalLstm lstm(graph, sequence, 2, Rng(1));
  std::vector<Value> xs = lstm.weights;
  for (const char* name : {"layer0/hidden", "layer0/cell", "layer1/hidden", "layer1/cell"})
    xs.push_back(graph.at(name));
  Feeds feeds{{sequence, uniform_at(0, {6, 3}, 1, f64, 1)}};
  for (std::size_t i = 0; i < xs.size(); ++i)
    feeds.emplace_back(xs[i], uniform_at(100 + i, xs[i].shape(), 1, f64));
  const CheckReport report = check_gradient(lstm.loss, xs, feeds);
  EXPECT_TRUE(report.passed()) << report;
  EXPECT_EQ(report.count(Verdict::agree), xs.size() * 3);
}

TEST(DiagonalLstm, HasTheGradientsOfAdbench) {
  for (const auto& path : adbench::files("lstm")) {
    const adbench::Lstm data = adbench::read_lstm(path);
    const adbench::Golden golden = adbench::read_golden(path);
    const adbench::LstmNetwork network(data);
    std::vector<Value> fetches = network.gradients();
    fetches.push_back(network.loss);
    const State state = network.state(data);
    auto results = compile(fetches)(state, {{network.sequence, data.sequence}});
    EXPECT_NEAR(results.back().at(0), golden.value, 1e-11 * std::abs(golden.value)) << path;
    results.pop_back();
    EXPECT_LE(golden.error_of(results), 1e-11) << path;
  }
}

/// The steps of a loss with its derivative along all weights, and with its gradient.
template <class Model>
std::pair<std::size_t, std::size_t> steps_of_tangents_and_gradient(Graph& graph, const Value& loss,
                                                                   const Model& model) {
  std::vector<Value> tangents;
  for (const Value& weight : model.weights)
    tangents.push_back(graph.constant(Rng(2).normal(weight.shape(), 0, 1, weight.dtype())));
  const Value tangent = jvp(ValueSpan(loss), model.weights, tangents)[0];
  return {compile({loss, tangent}).nodes(),
          compile(value_and_gradient(loss, model.weights)).nodes()};
}

TEST(Lstm, TakesFewMoreStepsForTangentsThanForAGradient) {
  constexpr LstmSizes sizes{.layers = 2, .width = 5, .vocabulary = 7};
  Network network({2, 20}, sizes, f64);
  const auto [tangents, gradient] =
      steps_of_tangents_and_gradient(network.graph, network.loss, network.lstm);
  EXPECT_LE(static_cast<double>(tangents), 1.3 * static_cast<double>(gradient));

  Graph graph;
  const DiagonalLstm diagonal(graph, graph.input("sequence", {f64, {40, 14}}), 2, Rng(1));
  const auto [of_diagonal, by_gradient] =
      steps_of_tangents_and_gradient(graph, diagonal.loss, diagonal);
  EXPECT_LE(static_cast<double>(of_diagonal), 1.3 * static_cast<double>(by_gradient));
}

}  // namespace
}  // namespace dagrad::models
