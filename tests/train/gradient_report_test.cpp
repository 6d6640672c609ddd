#include "dagrad/train/gradient_report.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "dagrad/gradient.hpp"
#include "dagrad/ops/activations.hpp"
#include "dagrad/ops/convolution.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/loss.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/optimizers.hpp"
#include "dagrad/random.hpp"
#include "dagrad/rewrite.hpp"
#include "dagrad/train/fit.hpp"
#include "tests/throws.hpp"
#include "tests/train/two_layers.hpp"

namespace dagrad {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Reports once on values whose gradients and next values are given.
GradientReport report_on(const std::vector<Tensor>& values, const std::vector<Tensor>& gradients,
                         const std::vector<Tensor>& next = {}) {
  Graph graph;
  std::vector<Value> parameters, slopes;
  std::vector<Update> updates;
  for (std::size_t i = 0; i < values.size(); ++i) {
    parameters.push_back(graph.parameter("p" + std::to_string(i), values[i]));
    slopes.push_back(graph.constant(gradients[i]));
    if (i < next.size()) updates.push_back({parameters[i], graph.constant(next[i])});
  }
  const Value loss = graph.constant(Tensor(0.5));
  GradientReport report = gradient_report(loss, parameters, slopes, updates);
  report.record(7, evaluate(report.statistics()));
  return report;
}

TEST(GradientReport, MeasuresNormsAndZeros) {
  const GradientReport report =
      report_on({Tensor::of({3.0, -4.0, 0.0})}, {Tensor::of({0.0, 5.0, 12.0})},
                {Tensor::of({3.0, -4.0, 0.5})});
  EXPECT_EQ(report.steps(), std::vector<std::int64_t>{7});
  EXPECT_EQ(report.losses(), std::vector{0.5});
  const GradientSeries& p = report.values()[0];
  EXPECT_EQ(p.name, "p0");
  EXPECT_EQ(p.elements, 3);
  EXPECT_EQ(p.value, std::vector{5.0});
  EXPECT_EQ(p.gradient, std::vector{13.0});
  EXPECT_EQ(p.update, std::vector{0.5});
  EXPECT_EQ(p.ratio, std::vector{0.1});
  EXPECT_DOUBLE_EQ(p.zeros[0], 1.0 / 3);
  EXPECT_DOUBLE_EQ(p.gradient_size()[0], 13 / std::sqrt(2.0));
  EXPECT_EQ(p.where.substr(0, p.where.find(':')), __FILE__);
}

TEST(GradientReport, TakesScalarsAndNoElements) {
  const GradientReport report = report_on({Tensor(-2.0), Tensor(Type{f32, {0, 3}})},
                                          {Tensor(0.0), Tensor(Type{f32, {0, 3}})});
  const GradientSeries &scalar = report.values()[0], &empty = report.values()[1];
  EXPECT_EQ(scalar.value[0], 2);
  EXPECT_EQ(scalar.zeros[0], 1);
  EXPECT_EQ(scalar.gradient_size()[0], 0);
  EXPECT_TRUE(std::isnan(scalar.update[0]));  // it has no update
  EXPECT_EQ(empty.value[0], 0);
  EXPECT_EQ(empty.gradient[0], 0);
  EXPECT_TRUE(std::isnan(empty.zeros[0]));
  EXPECT_TRUE(std::isnan(empty.ratio[0]));
}

TEST(GradientReport, ShowsNaNAndInfinity) {
  const GradientReport report =
      report_on({Tensor::of({1.0, 1.0}), Tensor::of({1.0F, 1.0F})},
                {Tensor::of({nan, 1.0}), Tensor::of({static_cast<float>(infinity), 1.0F})});
  EXPECT_TRUE(std::isnan(report.values()[0].gradient[0]));
  EXPECT_EQ(report.values()[1].gradient[0], infinity);
  EXPECT_EQ(report.values()[0].zeros[0], 0);
}

// Neither squares that overflow nor those that underflow change a norm, in any dtype.
TEST(GradientReport, NormsNeitherOverflowNorUnderflow) {
  for (const double size : {1e-300, 1e-160, 1e-20, 1.0, 1e160, 1e300}) {
    const Tensor x = Tensor::of({3 * size, 4 * size});
    const double norm = report_on({x}, {x}, {Tensor::of({0.0, 0.0})}).values()[0].gradient[0];
    EXPECT_NEAR(norm / size, 5, 1e-14) << size;
  }
  for (const float size : {1e-38F, 1e-30F, 1e-14F, 1.0F, 1e30F, 5e37F})
    for (const std::int64_t n : {1, 3, 4, 255, 256, 257, 1000, 70'000}) {
      const Tensor x = Tensor::full({f32, {n}}, size);
      const GradientReport report = report_on({x}, {x}, {Tensor(Type{f32, {n}})});
      const double wanted = std::sqrt(static_cast<double>(n)) * static_cast<double>(size);
      EXPECT_NEAR(report.values()[0].gradient[0] / wanted, 1, 2e-6) << size << " " << n;
      EXPECT_NEAR(report.values()[0].update[0] / wanted, 1, 2e-6) << size << " " << n;
      EXPECT_EQ(report.values()[0].zeros[0], 0);
    }
}

TEST(GradientReport, IsTheSameForAnyNumberOfThreads) {
  Graph graph;
  const Value w = graph.parameter("w", Rng(1).normal({300'000}, 0, 1, f32));
  const Value loss = sum(square(relu(w)));
  const GradientReport report = gradient_report(loss, w, gradient(loss, {w}), {});
  const Tensor one = compile(report.statistics(), {.threads = 1})()[0];
  for (const int threads : {2, 3, 8})
    EXPECT_TRUE(same_bits(compile(report.statistics(), {.threads = threads})()[0], one)) << threads;
}

TEST(GradientReport, TakesEveryFloatDtype) {
  for (const DType dtype : {f16, bf16, f32, f64}) {
    const Tensor x = Tensor::of({3.0, 0.0, 4.0}).cast(dtype);
    const GradientReport report = report_on({x}, {x}, {x});
    EXPECT_NEAR(report.values()[0].value[0], 5, 1e-6) << name(dtype);
    EXPECT_EQ(report.values()[0].update[0], 0) << name(dtype);
  }
}

TEST(GradientReport, OrdersLayersByTheirFirstUse) {
  const TwoLayers net;
  const GradientReport report = gradient_report(net.loss, net.weights, net.gradients, net.updates);
  ASSERT_EQ(report.layers().size(), 2U);
  const LayerSeries &hidden = report.layers()[0], &out = report.layers()[1];
  EXPECT_EQ(hidden.name, "second");
  EXPECT_EQ(hidden.values, (std::vector<std::string>{"second/w", "second/b"}));
  EXPECT_EQ(hidden.elements, 20);
  EXPECT_EQ(hidden.activations, std::vector<std::string>{"relu"});
  EXPECT_FALSE(hidden.last);
  EXPECT_EQ(out.name, "first");
  EXPECT_TRUE(out.activations.empty());
  EXPECT_TRUE(out.last);
}

TEST(GradientReport, LayersSumUpTheirValues) {
  const TwoLayers net;
  GradientReport report = gradient_report(net.loss, net.weights, net.gradients, net.updates);
  const Function watched = compile({net.loss, report.statistics()}, {.update = net.updates});
  State state(net.graph);
  BoundRun run = watched.bind(state);
  for (int i = 0; i < 3; ++i) {
    const Tensor batch = net.feeds(i)[0].tensor;
    run.feed(net.x, batch);
    run();
    report.record(i, run.fetch(1));
  }
  const GradientSeries &w = report.values()[0], &b = report.values()[1];
  const LayerSeries& layer = report.layers()[0];
  EXPECT_EQ(w.name, "second/w");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_DOUBLE_EQ(layer.value[i], std::hypot(w.value[i], b.value[i]));
    EXPECT_DOUBLE_EQ(layer.gradient[i], std::hypot(w.gradient[i], b.gradient[i]));
    EXPECT_DOUBLE_EQ(layer.update[i], std::hypot(w.update[i], b.update[i]));
    EXPECT_DOUBLE_EQ(layer.ratio[i], layer.update[i] / layer.value[i]);
    EXPECT_DOUBLE_EQ(layer.zeros[i], (15 * w.zeros[i] + 5 * b.zeros[i]) / 20);
  }
}

// A step that is recorded computes the same bits as one that is not.
TEST(GradientReport, DoesNotChangeTheTraining) {
  const TwoLayers net;
  GradientReport report = gradient_report(net.loss, net.weights, net.gradients, net.updates);
  const Function train = compile(net.loss, {.update = net.updates});
  const Function watched = compile({net.loss, report.statistics()}, {.update = net.updates});
  State plain(net.graph), seen(net.graph);
  for (int i = 0; i < 20; ++i) {
    const Tensor loss = train(plain, net.feeds(i))[0];
    const auto results = (i % 3 == 0 ? watched : train)(seen, net.feeds(i));
    EXPECT_TRUE(same_bits(results[0], loss)) << i;
    if (i % 3 == 0) report.record(i, results[1]);
  }
  for (const Value& weight : net.weights)
    EXPECT_TRUE(same_bits(plain.get(weight), seen.get(weight)));
  EXPECT_EQ(report.steps(), (std::vector<std::int64_t>{0, 3, 6, 9, 12, 15, 18}));
}

TEST(GradientReport, RecordsFromFit) {
  const TwoLayers net;
  GradientReport report = gradient_report(net.loss, net.weights, net.gradients, net.updates);
  const Function statistics = compile(report.statistics());
  State state(net.graph);
  const Dataset data{{"x", Rng(1).normal({10, 3}, 0, 1, f32)}};
  fit({.loss = net.loss, .update = net.updates, .inputs = {{net.x, "x"}}}, state, data,
      {.epochs = 3,
       .drop_last = true,
       .on_step =
           [&](StepEvent& event) {
             report.record(event.step, statistics(event.state, event.feeds)[0]);
           },
       .progress = ProgressStyle::none});
  EXPECT_EQ(report.steps(), (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6}));
  EXPECT_LT(report.losses().back(), report.losses().front());
  EXPECT_GT(report.layers()[0].update.back(), 0);
}

TEST(GradientReport, SurvivesAReplayForAnotherBatchSize) {
  const TwoLayers net;
  GradientReport report = gradient_report(net.loss, net.weights, net.gradients, net.updates);
  const Retyped size[] = {{net.x, {f32, {9, 3}}}};
  const Rewritten larger = replay(net.graph, size);
  const Tensor batch = Rng(1).normal({9, 3}, 0, 1, f32);
  State state(net.graph);
  report.record(0, compile(larger.mapping(report.statistics()))(state, {{net.x, batch}})[0]);
  EXPECT_GT(report.values()[0].gradient[0], 0);
}

/// The last shares of dead and saturated elements of a layer that consists of b, with x + b before
/// the activation.
std::pair<double, double> shares(const std::function<Value(const Value&)>& activation,
                                 const Tensor& x) {
  Graph graph;
  const Value b = graph.parameter("b", Tensor(x.type()));
  const Value loss = sum(activation(graph.constant(x) + b));
  GradientReport report = gradient_report(loss, b, gradient(loss, {b}), {});
  report.record(0, evaluate(report.statistics()));
  return {report.layers()[0].dead[0], report.layers()[0].saturated[0]};
}

// Of three units, the first is 0 in every row, and the others are not.
TEST(GradientReport, CountsDeadUnits) {
  const auto of_relu = [](const Value& x) { return relu(x); };
  const Tensor rows = Tensor::of({{-1.0, -1.0, 1.0}, {0.0, 2.0, 1.0}});
  EXPECT_DOUBLE_EQ(shares(of_relu, rows).first, 1.0 / 3);
  EXPECT_DOUBLE_EQ(shares([](const Value& x) { return relu6(x); }, rows).first, 1.0 / 3);
  EXPECT_TRUE(std::isnan(shares(of_relu, rows).second));
  EXPECT_EQ(shares(of_relu, Tensor::of({-1.0, 1.0})).first, 0.5);  // without rows
  EXPECT_EQ(shares(of_relu, Tensor(-1.0)).first, 1);
  EXPECT_EQ(shares(of_relu, Tensor::of({{nan, -1.0}})).first, 0.5);  // NaN is not dead
  EXPECT_TRUE(std::isnan(shares(of_relu, Tensor(Type{f64, {0, 3}})).first));
  for (const DType dtype : {f16, bf16, f32})
    EXPECT_DOUBLE_EQ(shares(of_relu, rows.cast(dtype)).first, 1.0 / 3) << name(dtype);
}

// The units of a convolution are its channels.
TEST(GradientReport, CountsDeadChannels) {
  Graph graph;
  const Value kernel = graph.parameter("w", Tensor({2, 1, 1, 1}, {1.0F, -1.0F}));
  const Value x = graph.constant(Tensor::full({f32, {3, 1, 4, 4}}, 1));
  const Value loss = sum(relu(conv2d(x, kernel) * 2.0));
  GradientReport report = gradient_report(loss, kernel, gradient(loss, {kernel}), {});
  report.record(0, evaluate(report.statistics()));
  EXPECT_EQ(report.layers()[0].dead[0], 0.5);
}

// A matrix product behind a convolution has its units along the last axis again.
TEST(GradientReport, CountsDeadUnitsBehindAConvolution) {
  Graph graph;
  const Value w = graph.parameter("w", Tensor::of({{1.0F, -1.0F, -1.0F, -1.0F}}));
  const Value image = graph.constant(Tensor::full({f32, {2, 1, 5}}, 1));
  const Value kernel = graph.constant(Tensor::full({f32, {1, 1, 2}}, 1));
  const Value loss = sum(relu(matmul(transpose(conv1d(image, kernel), {0, 2, 1}), w)));
  GradientReport report = gradient_report(loss, w, gradient(loss, {w}), {});
  report.record(0, evaluate(report.statistics()));
  EXPECT_EQ(report.layers()[0].dead[0], 0.75);
}

// Slopes below 5 % of the largest: of sigmoid beyond ±4.36, of tanh beyond ±2.18, of softsign
// beyond ±3.47, of hard_sigmoid from ±3 on.
TEST(GradientReport, CountsSaturatedElements) {
  const auto share = [](const std::function<Value(const Value&)>& f, double at) {
    const double both = shares(f, Tensor::of({at, -at})).second;
    EXPECT_TRUE(std::isnan(shares(f, Tensor::of({at})).first));
    EXPECT_EQ(shares(f, Tensor::of({at, 0.0, 0.0, 0.0})).second, both / 4);
    return both;
  };
  const auto of_sigmoid = [](const Value& x) { return sigmoid(x); };
  const auto of_tanh = [](const Value& x) { return tanh(x); };
  const auto of_softsign = [](const Value& x) { return softsign(x); };
  const auto of_hard = [](const Value& x) { return hard_sigmoid(x); };
  EXPECT_EQ(share(of_sigmoid, 4.35), 0);
  EXPECT_EQ(share(of_sigmoid, 4.37), 1);
  EXPECT_EQ(share(of_tanh, 2.17), 0);
  EXPECT_EQ(share(of_tanh, 2.19), 1);
  EXPECT_EQ(share(of_softsign, 3.46), 0);
  EXPECT_EQ(share(of_softsign, 3.48), 1);
  EXPECT_EQ(share(of_hard, 2.99), 0);
  EXPECT_EQ(share(of_hard, 3.01), 1);
}

// Hidden states can be reported beside parameters.
TEST(GradientReport, TakesOtherValuesThanParameters) {
  Graph graph;
  const Value w = graph.parameter("w", Tensor(0.5));
  std::vector<Value> states{w};
  Value state = graph.constant(Tensor(1.0));
  for (int i = 0; i < 3; ++i) {
    const Scope scope = graph.scope("step" + std::to_string(i));
    state = (state * w).named("state");
    states.push_back(state);
  }
  const auto gradients = gradient(state, states);
  GradientReport report = gradient_report(state, states, gradients, {});
  report.record(0, evaluate(report.statistics()));
  ASSERT_EQ(report.layers().size(), 4U);
  EXPECT_EQ(report.layers()[1].name, "step0");
  EXPECT_EQ(report.layers()[1].gradient[0], 0.25);
  EXPECT_EQ(report.layers()[3].gradient[0], 1);
}

TEST(GradientReport, MarksGradientsThatAreZeroOrNotFinite) {
  const auto marks =
      report_on({Tensor(1.0), Tensor(1.0), Tensor(1.0)}, {Tensor(nan), Tensor(0.0), Tensor(1.0)})
          .marks();
  EXPECT_EQ(marks.at("p0").note, "gradient nan");
  EXPECT_NE(marks.at("p0").fill, marks.at("p2").fill);
  EXPECT_NE(marks.at("p1").fill, marks.at("p2").fill);
}

TEST(GradientReport, RefusesWhatDoesNotFit) {
  Graph graph, other;
  const Value w = graph.parameter("w", Tensor::of({1.0, 2.0}));
  const Value loss = sum(square(w)), g = gradient(loss, w);
  const Value count = graph.parameter("count", Tensor(std::int64_t{0}));
  const std::size_t size = graph.size();
  EXPECT_THROWS_HERE(gradient_report(loss, {}, {}, {}), ArgumentError,
                     "gradient_report: needs at least one value to report on");
  EXPECT_THROWS_HERE(gradient_report(loss, {w}, {}, {}), ArgumentError,
                     "gradient_report: the number of gradients, 0, differs from that of values, 1");
  EXPECT_THROWS_HERE(gradient_report(loss, {w, w}, {g, g}, {}), ArgumentError,
                     "gradient_report: value 'w' is listed twice");
  EXPECT_THROWS_HERE(gradient_report(w, {w}, {g}, {}), ShapeError,
                     "gradient_report: the loss must be a float scalar, got float64[2]");
  EXPECT_THROWS_HERE(gradient_report(count, {w}, {g}, {}), TypeError,
                     "gradient_report: the loss must be a float scalar, got int64[]");
  EXPECT_THROWS_HERE(
      gradient_report(loss, {w}, {loss}, {}), ShapeError,
      "gradient_report: value 'w' is float64[2], but its gradient 'sum' is float64[]");
  EXPECT_THROWS_HERE(gradient_report(loss, {count}, {count}, {}), TypeError,
                     "gradient_report: value 'count' is int64[], which is not a float type");
  const Value far = other.parameter("far", Tensor::of({1.0, 2.0}));
  EXPECT_THROW((void)gradient_report(loss, {far}, {far}, {}), GraphError);
  EXPECT_EQ(graph.size(), size);  // nothing half made is left
}

TEST(GradientReport, RefusesStatisticsOfAnother) {
  GradientReport report = report_on({Tensor(1.0)}, {Tensor(1.0)});
  EXPECT_EQ(mistake<ShapeError>([&] {
              report.record(8, Tensor(Type{f64, {4}}));
            }),
            "GradientReport::record: the statistics of this report are float64[5], got float64[4]");
  EXPECT_EQ(mistake<TypeError>([&] {
              report.record(8, Tensor(Type{f32, {5}}));
            }),
            "GradientReport::record: the statistics of this report are float64[5], got float32[5]");
  EXPECT_EQ(mistake<ArgumentError>([&] {
              report.record(7, Tensor(Type{f64, {5}}));
            }),
            "GradientReport::record: steps must increase, got 7 after 7");
  EXPECT_EQ(report.steps().size(), 1U);
  EXPECT_THROW((void)series(report.values()[0], GradientStatistic::dead), ArgumentError);
}

}  // namespace
}  // namespace dagrad
