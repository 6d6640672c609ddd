#include "dagrad/train/gradient_warnings.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/loss.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/optimizers.hpp"
#include "dagrad/random.hpp"
#include "dagrad/train/gradient_report.hpp"
#include "tests/throws.hpp"

namespace dagrad {
namespace {

using Activation = std::function<Value(const Value&)>;
constexpr std::int64_t rows = 16, width = 16;

const Activation of_relu = [](const Value& x) { return relu(x); };
const Activation of_sigmoid = [](const Value& x) { return sigmoid(x); };
const Activation of_tanh = [](const Value& x) { return tanh(x); };

struct Net {
  int layers = 3;
  Activation activation = of_relu;
  double scale = std::sqrt(2.0);  ///< standard deviation of weights, times the root of the fan-in
  double bias = 0;
  double rate = 0.05;
  int steps = 20;
};

/// Trains a network to the sign of a product, and reports on every step.
GradientReport trained(const Net& net) {
  Graph graph;
  const Value x = graph.input("x", {f32, {rows, 2}});
  const Value y = graph.input("y", {i64, {rows}});
  Rng rng(1);
  std::vector<Value> weights;
  Value hidden = x;
  const auto layer = [&](const std::string& name, std::int64_t out, double scale, double bias) {
    const Scope scope = graph.scope(name);
    const std::int64_t in = hidden.shape()[1];
    const double deviation = scale / std::sqrt(static_cast<double>(in));
    weights.push_back(graph.parameter("w", rng.normal({in, out}, 0, deviation, f32)));
    weights.push_back(graph.parameter("b", Tensor::full({f32, {out}}, bias)));
    return matmul(hidden, weights[weights.size() - 2]) + weights.back();
  };
  for (int i = 1; i <= net.layers; ++i)
    hidden = net.activation(layer("layer" + std::to_string(i), width, net.scale, net.bias));
  const Value loss = cross_entropy(layer("out", 2, 1, 0), y);

  const auto gradients = gradient(loss, weights);
  const auto updates = sgd(weights, gradients, net.rate, {.momentum = 0.9});
  GradientReport report = gradient_report(loss, weights, gradients, updates);
  const Function step = compile(report.statistics(), {.update = updates});
  State state(graph);
  for (int i = 0; i < net.steps; ++i) {
    const Tensor points = rng.uniform({rows, 2}, -1, 1, f32);
    std::vector<std::int64_t> labels;
    for (std::int64_t row = 0; row < rows; ++row)
      labels.push_back(points.at(2 * row) * points.at(2 * row + 1) > 0);
    report.record(i, step(state, {{x, points}, {y, Tensor({rows}, labels)}})[0]);
  }
  return report;
}

/// The warnings of one fault; there is at most one.
const GradientWarning* find(const std::vector<GradientWarning>& warnings, GradientFault fault) {
  const GradientWarning* found = nullptr;
  for (const GradientWarning& warning : warnings)
    if (warning.fault == fault) {
      EXPECT_EQ(found, nullptr) << warning.text;
      found = &warning;
    }
  return found;
}

/// Expects a warning of the fault, whose text contains the parts.
GradientWarning expect_fault(const GradientReport& report, GradientFault fault,
                             std::initializer_list<const char*> parts) {
  const auto warnings = report.warnings();
  const GradientWarning* const warning = find(warnings, fault);
  EXPECT_NE(warning, nullptr) << to_string(fault) << "\n" << report.text(false);
  if (!warning) return {};
  for (const char* part : parts)
    EXPECT_NE(warning->text.find(part), std::string::npos) << part << " in " << warning->text;
  EXPECT_NE(warning->text.find(to_string(fault)), std::string::npos) << warning->text;
  EXPECT_NE(warning->text.find("gradient_warnings_test.cpp:"), std::string::npos);
  return *warning;
}

void expect_none(const GradientReport& report) {
  for (const GradientWarning& warning : report.warnings()) ADD_FAILURE() << warning.text;
}

TEST(GradientWarnings, VanishingThroughSigmoids) {
  const GradientReport report = trained({.layers = 20, .activation = of_sigmoid, .scale = 1});
  const GradientWarning warning =
      expect_fault(report, GradientFault::vanishing,
                   {"the gradients of layer1 (made at", "times smaller than those of out",
                    "Each sigmoid passes on at most a quarter", "try relu with He initialisation"});
  EXPECT_EQ(warning.layer, "layer1");
  EXPECT_GT(warning.measured, 1e6);
  EXPECT_EQ(warning.threshold, 1e4);
  EXPECT_EQ(warning.step, 19);
  EXPECT_GT(warning.layers.size(), 5U);
  expect_none(trained({.layers = 20, .rate = 0.01}));  // relu with He initialisation
  expect_none(trained({.layers = 20, .activation = of_tanh, .scale = 1, .rate = 0.01}));
  expect_none(trained({.layers = 3, .activation = of_sigmoid, .scale = 1}));
}

TEST(GradientWarnings, VanishingThroughSmallWeights) {
  for (const Activation& activation : {of_relu, of_tanh}) {
    const GradientReport report =
        trained({.layers = 10, .activation = activation, .scale = 0.2, .rate = 0.01});
    expect_fault(report, GradientFault::vanishing,
                 {"Each layer multiplies the gradient by its weights"});
  }
}

TEST(GradientWarnings, VanishingThroughSaturation) {
  expect_fault(trained({.layers = 10, .activation = of_tanh, .scale = 1, .bias = 3, .rate = 0.01}),
               GradientFault::vanishing, {"A saturated tanh passes on little of a gradient"});
}

// The slopes of tanh are small, but large weights more than make up for that.
TEST(GradientWarnings, ExplodingThroughLargeWeights) {
  const GradientReport report =
      trained({.layers = 20, .activation = of_tanh, .scale = 10, .rate = 0, .steps = 1});
  const GradientWarning warning = expect_fault(
      report, GradientFault::exploding, {"times larger than those of", "clip_by_global_norm"});
  EXPECT_GT(warning.measured, 1e4);
  EXPECT_EQ(warning.layer, "layer1");
}

/// A linear recurrent network that reads numbers and answers with one at the end. Its recurrent
/// weights are a multiple of a rotation. Reports on its hidden states.
GradientReport recurrent(double scale) {
  constexpr std::int64_t steps = 30, size = 2;
  Graph graph;
  Rng rng(2);
  const Value x = graph.input("x", {f32, {rows, steps}});
  const Value in = graph.parameter("in", rng.normal({1, size}, 0, 0.1, f32));
  const double along = scale * std::cos(0.5), across = scale * std::sin(0.5);
  const Value recur =
      graph.parameter("recurrent", Tensor::of({{along, across}, {-across, along}}).cast(f32));
  std::vector<Value> states{(x[{{}, {0, 1}}] * in).named("step0/state")};
  for (std::int64_t t = 1; t < steps; ++t) {
    const Value state = x[{{}, {t, t + 1}}] * in + matmul(states.back(), recur);
    states.push_back(state.named("step" + std::to_string(t) + "/state"));
  }
  const Value loss = mean(square(sum(states.back(), {1}) - 1.0));
  GradientReport report = gradient_report(loss, states, gradient(loss, states), {});
  const Function run = compile(report.statistics());
  const State weights(graph);
  for (int i = 0; i < 5; ++i)
    report.record(i, run(weights, {{x, rng.uniform({rows, steps}, -1, 1, f32)}})[0]);
  return report;
}

// The gradient of the first state is that of the last one times 29 recurrent matrices.
TEST(GradientWarnings, ExplodingAndVanishingThroughTime) {
  const GradientWarning exploding = expect_fault(
      recurrent(1.5), GradientFault::exploding,
      {"the gradients of step0 (made at", "1.3e+05 times larger than those of step29", "an LSTM"});
  EXPECT_NEAR(exploding.measured / std::pow(1.5, 29), 1, 1e-4);
  EXPECT_EQ(exploding.layer, "step0");
  const GradientWarning vanishing = expect_fault(recurrent(0.5), GradientFault::vanishing, {});
  EXPECT_NEAR(vanishing.measured * std::pow(0.5, 29), 1, 1e-4);
  expect_none(recurrent(1));
}

TEST(GradientWarnings, UpdatesOfTheWrongSize) {
  const GradientWarning large = expect_fault(
      trained({.activation = of_tanh, .scale = 1, .rate = 10}), GradientFault::large_update,
      {"a step changes", "times its norm", "try a smaller learning rate"});
  EXPECT_GT(large.measured, 0.1);
  const GradientWarning small =
      expect_fault(trained({.rate = 1e-7}), GradientFault::small_update,
                   {"the loss has not fallen", "the one that rate_range finds"});
  EXPECT_LT(small.measured, 1e-5);
  expect_none(trained({}));
}

// Where the output is saturated, a larger rate would not help.
TEST(GradientWarnings, SmallUpdatesOfASaturatedOutput) {
  Graph graph;
  const Value w = graph.parameter("w", Tensor::of({20.0, 30.0}));
  const Value loss = sum(sigmoid(w));
  const std::vector<Value> gradients = gradient(loss, {w});
  const auto updates = sgd(w, gradients, 0.1);
  GradientReport report = gradient_report(loss, w, gradients, updates);
  report.record(0, evaluate(report.statistics()));
  expect_fault(report, GradientFault::small_update, {"a smaller learning rate"});
}

TEST(GradientWarnings, DeadUnits) {
  const GradientReport report = trained({.layers = 2, .bias = -1, .steps = 5});
  const GradientWarning warning =
      expect_fault(report, GradientFault::dead, {"% of the units behind", "leaky_relu"});
  EXPECT_GT(warning.measured, 0.8);
  EXPECT_LE(warning.measured, 1);
  EXPECT_EQ(find(trained({.layers = 2}).warnings(), GradientFault::dead), nullptr);
}

// If all units are dead, no gradient reaches the layers before them.
TEST(GradientWarnings, NoGradient) {
  const GradientReport report = trained({.layers = 2, .bias = -10, .steps = 5});
  const GradientWarning warning = expect_fault(
      report, GradientFault::no_gradient,
      {"all elements of the gradient of layer1 (made at", "are 0; 1 more layer has this fault",
       "All units of a relu behind it are dead"});
  EXPECT_EQ(warning.layers, (std::vector<std::string>{"layer1", "layer2"}));
  EXPECT_EQ(find(report.warnings(), GradientFault::vanishing), nullptr);
  EXPECT_EQ(find(trained({.layers = 2}).warnings(), GradientFault::no_gradient), nullptr);
}

// The slope of tanh rounds to 0 in float32 beyond about 9.
TEST(GradientWarnings, NoGradientThroughSaturation) {
  expect_fault(trained({.activation = of_tanh, .scale = 1, .bias = 30, .steps = 5}),
               GradientFault::no_gradient, {"The activations behind it are saturated"});
}

TEST(GradientWarnings, NoGradientOfAFlatLoss) {
  Graph graph;
  const Value w = graph.parameter("w", Tensor::of({1.0, 2.0}));
  const Value loss = sum(round(w));
  GradientReport report = gradient_report(loss, w, gradient(loss, {w}), {});
  report.record(0, evaluate(report.statistics()));
  expect_fault(report, GradientFault::no_gradient, {"Train on a loss that depends on it smoothly"});
}

TEST(GradientWarnings, SaturatedActivations) {
  const GradientReport report =
      trained({.activation = of_tanh, .scale = 10, .rate = 1e-3, .steps = 5});
  const GradientWarning warning =
      expect_fault(report, GradientFault::saturated, {"are saturated", "Glorot"});
  EXPECT_GT(warning.measured, 0.5);
  EXPECT_EQ(find(trained({.activation = of_tanh, .scale = 1}).warnings(), GradientFault::saturated),
            nullptr);
}

// An output that is saturated is sure of itself, which is no fault.
TEST(GradientWarnings, TheLastLayerMaySaturate) {
  Graph graph;
  const Value w = graph.parameter("w", Tensor::of({9.0, -9.0}));
  const Value loss = sum(sigmoid(w));
  GradientReport report = gradient_report(loss, w, gradient(loss, {w}), {});
  report.record(0, evaluate(report.statistics()));
  EXPECT_EQ(report.layers()[0].saturated[0], 1);
  expect_none(report);
}

// The first recorded step at which it happened is named, even if later ones are fine.
TEST(GradientWarnings, NotFinite) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value w = graph.parameter("layer/w", Tensor(1.0));
  const Value loss = log(x * w) + 0.0;
  GradientReport report = gradient_report(loss, w, gradient(loss, {w}), {});
  const Function run = compile(report.statistics());
  const State state(graph);
  report.record(0, run(state, {{x, Tensor(1.0)}})[0]);
  expect_none(report);
  report.record(10, run(state, {{x, Tensor(0.0)}})[0]);
  for (int i = 2; i < 30; ++i) report.record(10 * i, run(state, {{x, Tensor(1.0)}})[0]);
  const GradientWarning warning = expect_fault(report, GradientFault::not_finite,
                                               {"step 10", "the gradient of layer (made at",
                                                "contains an infinity or a NaN", "check_finite"});
  EXPECT_EQ(warning.step, 10);
}

// Numbers are medians, so that a single batch does not count.
TEST(GradientWarnings, OneBatchIsNotAFault) {
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value first = graph.parameter("first", Tensor(1.0));
  const Value second = graph.parameter("second", Tensor(1.0));
  const Value loss = x * first + second;
  GradientReport report =
      gradient_report(loss, {first, second}, gradient(loss, {first, second}), {});
  const Function run = compile(report.statistics());
  const State state(graph);
  for (int i = 0; i < 10; ++i) report.record(i, run(state, {{x, Tensor(i == 5 ? 1e-9 : 1.0)}})[0]);
  expect_none(report);
  for (int i = 10; i < 20; ++i) report.record(i, run(state, {{x, Tensor(1e-9)}})[0]);
  expect_fault(report, GradientFault::vanishing, {"1.0e+09 times smaller"});
  EXPECT_TRUE(report.warnings({.vanishing = 1e10}).empty());
}

TEST(GradientWarnings, RefusesBadThresholds) {
  const GradientReport report = trained({.layers = 1, .steps = 1});
  const auto text = [&](const GradientThresholds& thresholds) {
    return mistake<ArgumentError>([&] { (void)report.warnings(thresholds); });
  };
  EXPECT_EQ(text({.vanishing = 0}), "GradientReport::warnings: vanishing must be above 0, got 0");
  EXPECT_EQ(text({.exploding = NAN}),
            "GradientReport::warnings: exploding must be above 0, got nan");
  EXPECT_EQ(text({.steps = 0}), "GradientReport::warnings: steps must be above 0, got 0");
}

TEST(GradientWarnings, OfNothingRecorded) { EXPECT_TRUE(trained({.steps = 0}).warnings().empty()); }

}  // namespace
}  // namespace dagrad
