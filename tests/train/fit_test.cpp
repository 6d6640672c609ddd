#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/train/fit_model.hpp"

namespace dagrad {
namespace {

using test::circle;
using test::CircleNetwork;
using test::quiet;
using test::same_history;
using test::same_state;
using testing::ElementsAre;

/// y = 2 x + 1, which gradient descent learns.
struct Line {
  Graph graph;
  Value x = graph.input("x", {f64, {4}}), y = graph.input("y", {f64, {4}});
  Value w = graph.parameter("w", Tensor(0.0)), b = graph.parameter("b", Tensor(0.0));
  Value loss = mse(w * x + b, y);
  std::vector<Update> update = sgd({w, b}, gradient(loss, {w, b}), 0.1);
  Model model{.loss = loss, .update = update, .inputs = {{x, "x"}, {y, "y"}}};

  static Dataset data(std::int64_t rows) {
    const Tensor x = Rng(1).uniform({rows}, -1, 1);
    std::vector<double> y;
    for (const double number : x.values<double>()) y.push_back(2 * number + 1);
    return Dataset{{"x", x}, {"y", Tensor({rows}, y)}};
  }
};

TEST(Fit, LearnsAndRecords) {
  Line line;
  State state(line.graph);
  const Fitted fitted = fit(line.model, state, Line::data(10), quiet(200));
  EXPECT_NEAR(state.get("w").item<double>(), 2, 1e-6);
  EXPECT_NEAR(state.get("b").item<double>(), 1, 1e-6);
  EXPECT_EQ(fitted.stopped, Stopped::epochs);
  EXPECT_EQ(fitted.best_epoch, 200);
  EXPECT_TRUE(same_state(fitted.best, state));
  EXPECT_THAT(fitted.history.columns(), ElementsAre("steps", "loss", "seconds"));
  EXPECT_EQ(fitted.history.epochs(), 200);
  EXPECT_EQ(fitted.history["steps"][0], 3);
  EXPECT_EQ(fitted.history["steps"].back(), 600);
  EXPECT_LT(fitted.history["loss"].back(), 1e-12);
}

// The loop of `fit` is that of a user, to the bit; the last batch is smaller.
TEST(Fit, TakesTheStepsOfALoopWrittenByHand) {
  constexpr std::int64_t rows = 10, batch = 4;
  Line line;
  State state(line.graph);
  const Dataset data = Line::data(rows);
  FitOptions options = quiet(3);
  options.key = 7;
  const Fitted fitted = fit(line.model, state, data, options);

  const Function whole = compile(line.loss, {.update = line.update});
  const Retyped sizes[] = {{line.x, {f64, {2}}}, {line.y, {f64, {2}}}};
  const Rewritten smaller = replay(line.graph, sizes);
  std::vector<Update> update;
  for (const Update& u : line.update)
    update.push_back({smaller.mapping(u.parameter), smaller.mapping(u.next)});
  const Function rest = compile(smaller.mapping(line.loss), {.update = update});
  State by_hand(line.graph);
  for (std::int64_t epoch = 1; epoch <= 3; ++epoch) {
    std::vector<std::int64_t> order(rows);
    fill_permutation(fold_in(7, epoch), order);
    double sum = 0;
    for (std::int64_t first = 0; first < rows; first += batch) {
      const std::int64_t n = std::min(batch, rows - first);
      const Dataset some =
          data.take(Tensor({n}, std::span(order).subspan(static_cast<std::size_t>(first),
                                                         static_cast<std::size_t>(n))));
      const Feeds feeds{{"x", some["x"]}, {"y", some["y"]}};
      sum += static_cast<double>(n) * (n == batch ? whole : rest)(by_hand, feeds)[0].item<double>();
    }
    EXPECT_EQ(fitted.history["loss"][static_cast<std::size_t>(epoch - 1)], sum / rows);
  }
  EXPECT_TRUE(same_state(state, by_hand));
}

TEST(Fit, SeesEveryRowOnceInAnEpoch) {
  Line line;
  for (const bool shuffle : {true, false}) {
    for (const bool drop_last : {true, false}) {
      State state(line.graph);
      const Dataset data = Line::data(10);
      std::vector<std::vector<double>> seen(2);
      FitOptions options = quiet(2);
      options.shuffle = shuffle;
      options.drop_last = drop_last;
      options.on_step = [&](StepEvent& event) {
        ASSERT_EQ(event.feeds.size(), 2U);
        EXPECT_EQ(event.feeds[0].tensor.size(), event.step % 3 == 0 && !drop_last ? 2 : 4);
        for (const double x : event.feeds[0].tensor.values<double>())
          seen[static_cast<std::size_t>(event.epoch - 1)].push_back(x);
      };
      const Fitted fitted = fit(line.model, state, data, options);
      EXPECT_EQ(fitted.history["steps"].back(), drop_last ? 4 : 6);
      const std::vector<double> all = data["x"].to_vector<double>();
      if (!shuffle && !drop_last) {
        EXPECT_EQ(seen[0], all);
      }
      EXPECT_EQ(seen[0] == seen[1], !shuffle);
      for (const auto& epoch : seen)
        EXPECT_EQ(std::set<double>(epoch.begin(), epoch.end()).size(), drop_last ? 8U : 10U);
    }
  }
}

TEST(Fit, GivesTheSameBitsForAnyNumberOfThreadsAndLargeBatches) {
  // Batches of more than four megabytes, which another thread gathers.
  constexpr std::int64_t rows = 1500, batch = 600, width = 2048;
  Graph graph;
  const Value x = graph.input("x", {f32, {batch, width}});
  const Value w = graph.parameter("w", Tensor(Type{f32, {width, 1}}));
  const Value loss = mean(square(matmul(x, w) - 1));
  const Model model{.loss = loss, .update = sgd(w, gradient(loss, w), 1e-3), .inputs = {{x, "x"}}};
  const Dataset data{{"x", Rng(4).normal({rows, width}, 0, 1, f32)}};
  std::vector<State> states;
  for (const int threads : {1, 2, 3}) {
    State& state = states.emplace_back(graph);
    FitOptions options = quiet(3);
    options.threads = threads;
    options.hold_out = 0.1;
    const Fitted fitted = fit(model, state, data, options);
    EXPECT_LT(fitted.history["loss"].back(), fitted.history["loss"].front());
    EXPECT_TRUE(same_state(states[0], state));
  }
}

// Batches of more than four megabytes, of which the next one is gathered while a callback has this
// one.
TEST(Fit, LeavesACallbackTheBatchesThatItKeeps) {
  constexpr std::int64_t rows = 1000, batch = 300, width = 4096;
  Graph graph;
  const Value x = graph.input("x", {f32, {batch, width}});
  const Value w = graph.parameter("w", Tensor(1.F));
  const Value loss = mean(x) * w;
  const Model model{.loss = loss, .update = sgd(w, gradient(loss, w), 0.1), .inputs = {{x, "x"}}};
  Tensor numbers(Type{f32, {rows, width}});
  for (std::int64_t row = 0; row < rows; ++row)
    std::fill_n(numbers.mutate<float>().data() + row * width, width, static_cast<float>(row));
  std::vector<Tensor> kept;
  FitOptions options = quiet(1);
  options.shuffle = false;
  options.on_step = [&](StepEvent& event) { kept.push_back(event.feeds[0].tensor); };
  State state(graph);
  (void)fit(model, state, Dataset{{"x", numbers}}, options);
  ASSERT_EQ(kept.size(), 4U);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto first = static_cast<std::int64_t>(i) * batch;
    EXPECT_TRUE(same_bits(kept[i], numbers[Range{first, first + batch}])) << i;
  }
  // Nothing is read any more when the training has ended early.
  options.on_step = [](StepEvent& event) { event.stop = true; };
  EXPECT_EQ(fit(model, state, Dataset{{"x", numbers}}, options).stopped, Stopped::callback);
}

TEST(Fit, ValidatesWithoutDropoutOnRowsHeldOut) {
  CircleNetwork network;
  State state(network.graph);
  FitOptions options = quiet(30);
  options.hold_out = 0.25;
  options.stratify = "inside";
  const Fitted fitted = fit(network.model, state, circle(203), options);
  EXPECT_THAT(fitted.history.columns(),
              ElementsAre("steps", "loss", "validation", "accuracy", "rate", "seconds"));
  EXPECT_GT(fitted.history["accuracy"].back(), 0.9);
  EXPECT_LT(fitted.history["validation"].back(), 0.4);
  EXPECT_FLOAT_EQ(static_cast<float>(fitted.history["rate"].back()), 0.02F);
  const auto& validation = fitted.history["validation"];
  const auto best = std::min_element(validation.begin(), validation.end()) - validation.begin() + 1;
  EXPECT_EQ(fitted.best_epoch, best);
}

TEST(Fit, MeasuresGivenValidationDataAsAWhole) {
  CircleNetwork network;
  State state(network.graph);
  const Dataset held_out = circle(21, 9);
  FitOptions options = quiet(2);
  options.validation = held_out;
  const Fitted fitted = fit(network.model, state, circle(64), options);

  const CircleNetwork whole(21);
  const auto results = compile({whole.exact, whole.accuracy})(
      state, {{"x", held_out["point"]}, {"y", held_out["inside"]}});
  EXPECT_NEAR(fitted.history["validation"].back(), results[0].item<double>(), 1e-6);
  EXPECT_NEAR(fitted.history["accuracy"].back(), results[1].item<double>(), 1e-6);
}

TEST(Fit, MeasuresMetricsInTrainingWithoutValidationData) {
  CircleNetwork network;
  State state(network.graph);
  const Fitted fitted = fit(network.model, state, circle(61), quiet(20));
  EXPECT_GT(fitted.history["accuracy"].back(), 0.8);
}

TEST(Fit, KeepsTheBestStateAndStopsWithoutImprovement) {
  CircleNetwork network(8, 0.3);  // so large a rate that the loss soon rises
  State state(network.graph);
  FitOptions options = quiet(200);
  options.hold_out = 0.3;
  options.patience = 4;
  const Dataset data = circle(100);
  const Fitted fitted = fit(network.model, state, data, options);
  EXPECT_EQ(fitted.stopped, Stopped::patience);
  EXPECT_EQ(fitted.history.epochs(), fitted.best_epoch + 4);
  EXPECT_FALSE(same_state(fitted.best, state));

  State again(network.graph);  // the best State is that after the best epoch
  FitOptions shorter = options;
  shorter.epochs = fitted.best_epoch;
  (void)fit(network.model, again, data, shorter);
  EXPECT_TRUE(same_state(fitted.best, again));
}

TEST(Fit, JudgesByAMetric) {
  CircleNetwork network;
  State state(network.graph);
  FitOptions options = quiet(15);
  options.hold_out = 0.3;
  options.monitor = "accuracy";
  options.maximize = true;
  const Fitted fitted = fit(network.model, state, circle(100), options);
  const auto& accuracy = fitted.history["accuracy"];
  const auto best = std::max_element(accuracy.begin(), accuracy.end()) - accuracy.begin() + 1;
  EXPECT_EQ(fitted.best_epoch, best);
}

TEST(Fit, ReducesTheRateOnAPlateau) {
  CircleNetwork network;
  State state(network.graph);
  FitOptions options = quiet(6);
  options.hold_out = 0.3;
  // Nothing counts as an improvement after the first epoch.
  options.reduce_on_plateau = ReduceOnPlateau{.rate = network.rate,
                                              .factor = 0.5,
                                              .patience = 2,
                                              .least_improvement = 100,
                                              .least_rate = 0.008};
  network.model.rate = {};  // then it is recorded as well
  const Fitted fitted = fit(network.model, state, circle(100), options);
  const auto& rate = fitted.history["rate"];
  const std::vector<double> expected{0.02, 0.02, 0.02, 0.01, 0.01, 0.008};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(rate[i], expected[i], 1e-8) << i;
}

TEST(Fit, CallsBackAndStopsWhenTold) {
  CircleNetwork network;
  std::vector<std::int64_t> steps;
  FitOptions options = quiet(5);
  options.on_step = [&](StepEvent& event) {
    EXPECT_TRUE(std::isfinite(event.loss));
    EXPECT_EQ(event.epoch, (event.step - 1) / 8 + 1);
    steps.push_back(event.step);
    event.stop = event.step == 11;
  };
  State state(network.graph);
  Fitted fitted = fit(network.model, state, circle(64), options);
  EXPECT_EQ(fitted.stopped, Stopped::callback);
  EXPECT_EQ(steps.size(), 11U);
  EXPECT_EQ(fitted.history.epochs(), 1);

  options.on_step = {};
  options.on_epoch = [](EpochEvent& event) { event.stop = event.history.epochs() == 3; };
  fitted = fit(network.model, state, circle(64), options);
  EXPECT_EQ(fitted.stopped, Stopped::callback);
  EXPECT_EQ(fitted.history.epochs(), 3);

  options.on_epoch = [](EpochEvent&) { throw std::runtime_error("the user's"); };
  EXPECT_THROW(fit(network.model, state, circle(64), options), std::runtime_error);
  options.on_epoch = [](EpochEvent&) { throw ArgumentError("the user's"); };
  try {
    fit(network.model, state, circle(64), options);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const ArgumentError& error) {
    EXPECT_STREQ(error.what(), "the user's") << "neither the name nor the line of fit is added";
  }
}

TEST(Fit, EndsWhenTimeIsOverOrCancelled) {
  CircleNetwork network;
  State state(network.graph);
  FitOptions options = quiet(std::numeric_limits<std::int64_t>::max());
  options.time_limit = std::chrono::milliseconds(20);
  EXPECT_EQ(fit(network.model, state, circle(64), options).stopped, Stopped::time);
  options.time_limit = {};
  options.cancel.emplace();
  options.on_step = [&](StepEvent& event) {
    if (event.step == 3) options.cancel->cancel();
  };
  const Fitted fitted = fit(network.model, state, circle(64), options);
  EXPECT_EQ(fitted.stopped, Stopped::interrupted);
  EXPECT_EQ(fitted.history.epochs(), 0);
  EXPECT_EQ(fitted.best_epoch, 0);
}

TEST(Fit, EndsWhenTheLossIsNotFinite) {
  Line line;
  const Model model{.loss = line.loss,
                    .update = sgd({line.w, line.b}, gradient(line.loss, {line.w, line.b}), 1e3),
                    .inputs = line.model.inputs};
  State state(line.graph);
  std::vector<std::string> warnings;
  FitOptions options = quiet(1000);
  options.log = [&](LogLevel level, std::string_view text) {
    if (level == LogLevel::warning) warnings.emplace_back(text);
  };
  const Fitted fitted = fit(model, state, Line::data(8), options);
  EXPECT_EQ(fitted.stopped, Stopped::not_finite);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(warnings[0], testing::HasSubstr("smaller learning rate"));
  EXPECT_LT(fitted.history.epochs(), 1000);
}

TEST(Fit, MakesNoEpochIfNoneIsAllowed) {
  Line line;
  State state(line.graph);
  const Fitted fitted = fit(line.model, state, Line::data(4), quiet(0));
  EXPECT_TRUE(fitted.history.empty());
  EXPECT_EQ(fitted.best_epoch, 0);
  EXPECT_EQ(state.get("w").item<double>(), 0);
  EXPECT_EQ(to_string(fitted), "stopped after 0 epochs");
  EXPECT_EQ(::testing::PrintToString(fitted), to_string(fitted));
}

TEST(Fit, LogsALineForEachEpoch) {
  Line line;
  State state(line.graph);
  std::vector<std::string> lines;
  FitOptions options = quiet(2);
  options.log = [&](LogLevel level, std::string_view text) {
    EXPECT_EQ(level, LogLevel::info);
    lines.emplace_back(text);
  };
  (void)fit(line.model, state, Line::data(4), options);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_THAT(lines[0], testing::StartsWith("training: epoch 1/2, loss "));
  EXPECT_THAT(lines[2], testing::StartsWith("training: stopped after 2 epochs; last is epoch 2: "));
}

TEST(CrossValidate, ValidatesEachRowOnce) {
  CircleNetwork network;
  const State state(network.graph);
  const auto before = state.values();
  const Dataset data = circle(60);
  std::vector<Fitted> fitted =
      cross_validate(network.model, state, data, {.folds = 4, .stratify = "inside"}, quiet(20));
  ASSERT_EQ(fitted.size(), 4U);
  for (const Fitted& fold : fitted) {
    EXPECT_EQ(fold.history["steps"].back(), 20 * 6);  // 45 rows in batches of 8
    EXPECT_GT(fold.history["accuracy"].back(), 0.5);
  }
  EXPECT_FALSE(same_state(fitted[0].best, fitted[1].best));
  for (const auto& [name, value] : before) EXPECT_TRUE(same_bits(state.get(name), value)) << name;
}

}  // namespace
}  // namespace dagrad
