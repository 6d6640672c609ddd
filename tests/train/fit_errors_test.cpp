#include <limits>

#include "tests/train/fit_refusals.hpp"

namespace dagrad {
namespace {

using test::circle;
using test::CircleNetwork;
using test::quiet;
using test::same_state;
using testing::HasSubstr;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

class FitErrors : public test::Refusals {};

TEST_F(FitErrors, NameWhatIsWrongWithTheData) {
  EXPECT_EQ(refused(network.model, circle(0)), "fit: the data is empty");
  EXPECT_EQ(refused(network.model, circle(7)),
            "fit: the graph was built for batches of 8 rows, but there are only 7 to train on: "
            "build it for at most that many");
  EXPECT_EQ(refused(network.model, circle(20).without("inside")),
            "fit: the data has no column 'inside', which the input 'y' takes; its columns are: "
            "point");
  EXPECT_EQ(refused<TypeError>(network.model, circle(20).with("point", Tensor(Type{f64, {20, 2}}))),
            "fit: the input 'x' is float32[8,2], so the column 'point' must be float32[rows,2], "
            "got float64[20,2]; convert it with Tensor::cast");
  EXPECT_EQ(
      refused<ShapeError>(network.model, circle(20).with("point", Tensor(Type{f32, {20, 3}}))),
      "fit: the input 'x' is float32[8,2], so the column 'point' must be float32[rows,2], got "
      "float32[20,3]");
}

TEST_F(FitErrors, NameTheRowAndTheColumnOfNaN) {
  Tensor points = circle(20)["point"];
  points.mutate<float>()[2 * 13 + 1] = nan;
  const Dataset data = circle(20).with("point", points);
  EXPECT_EQ(refused(network.model, data),
            "fit: data: the dataset's column 'point' is not finite in row 13, element [1]: nan\n  "
            "Leave such rows out, or set check_data to false if they are meant");
  FitOptions options = quiet(1);
  options.validation = data;
  EXPECT_THAT(refused(options), HasSubstr("fit: validation data: the dataset's column 'point'"));

  options = quiet(1);
  options.check_data = false;
  EXPECT_EQ(fit(network.model, state, data, options).stopped, Stopped::not_finite);
  // A column that the model does not take may hold anything.
  State other(network.graph);
  EXPECT_EQ(fit(network.model, other, circle(20).with("more", points), quiet(1)).stopped,
            Stopped::epochs);
}

// Only the op knows what labels it takes; the step that meets a wrong one changes nothing.
TEST_F(FitErrors, NameTheRowsOfABatchWithALabelOutOfRange) {
  Tensor labels = circle(20)["inside"];
  labels.mutate<std::int64_t>()[11] = 2;
  FitOptions options = quiet(1);
  options.shuffle = false;
  try {
    (void)fit(network.model, state, circle(20).with("inside", labels), options);
    FAIL();
  } catch (const RunError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("fit: cross_entropy: "));
    EXPECT_THAT(error.what(), HasSubstr("2"));
    EXPECT_THAT(error.what(),
                testing::EndsWith("\n  in step 2 of epoch 1, whose batch has the rows "
                                  "8, 9, 10, 11, 12, 13, 14, 15 of the data"));
    EXPECT_FALSE(error.node().empty());
    EXPECT_THAT(error.where().file, HasSubstr("fit_model.hpp"));
  }
  State one_step(network.graph);
  options.on_step = [](StepEvent& event) { event.stop = true; };
  (void)fit(network.model, one_step, circle(20), options);
  EXPECT_TRUE(same_state(state, one_step));
}

TEST_F(FitErrors, NameWhatIsWrongWithTheModel) {
  Model model = network.model;
  model.loss = {};
  EXPECT_EQ(refused(model), "fit: Model::loss is empty");
  model.loss = network.x;
  EXPECT_EQ(refused<TypeError>(model),
            "fit: the loss must be a float32 or float64 scalar, got float32[8,2]; take its mean "
            "over the rows");
  model = network.model;
  model.update = {};
  EXPECT_THAT(refused(model), HasSubstr("fit: Model::update is empty, so that nothing would be"));
  model = network.model;
  model.inputs = {};
  EXPECT_THAT(refused(model), HasSubstr("fit: Model::inputs is empty"));
  model.inputs = {{network.x, "point"}};
  EXPECT_EQ(refused(model),
            "fit: the input 'y' takes no column: add it to Model::inputs, or make it a parameter "
            "if it is not data");
  model.inputs = {{network.x, "point"}, {{}, "inside"}};
  EXPECT_EQ(refused(model), "fit: the value that takes the column 'inside' is empty");
  model.inputs = {{network.x, "point"}, {network.rate, "inside"}};
  EXPECT_EQ(refused(model),
            "fit: 'rate', which takes the column 'inside', is not an input of the graph");
  model.inputs = {{network.x, "point"}, {network.y, "inside"}, {network.x, "inside"}};
  EXPECT_EQ(refused(model), "fit: the input 'x' takes two columns, 'point' and 'inside'");
  const CircleNetwork other;
  model.inputs = {{network.x, "point"}, {other.y, "inside"}};
  EXPECT_EQ(refused<GraphError>(model),
            "fit: the input 'y' belongs to another graph than the loss");
}

TEST_F(FitErrors, NameInputsThatDisagreeAboutTheBatch) {
  Graph graph;
  const Value x = graph.input("x", {f32, {8, 2}}), y = graph.input("y", {f32, {4}}),
              scalar = graph.input("z", {f32, {}}), w = graph.parameter("w", Tensor(1.F));
  const Value loss = mean(x) * w * mean(y) * scalar;
  const auto update = sgd(w, gradient(loss, w), 0.1);
  EXPECT_EQ(refused<ShapeError>(
                {.loss = loss, .update = update, .inputs = {{x, "point"}, {y, "inside"}}}),
            "fit: all inputs must have the batch size, at least 1, as their leading dimension, but "
            "'x' is float32[8,2] and 'y' is float32[4]");
  EXPECT_THAT(refused<ShapeError>({.loss = loss, .update = update, .inputs = {{scalar, "inside"}}}),
              HasSubstr("as their leading dimension"));
}

TEST_F(FitErrors, NameBadMetrics) {
  Model model = network.model;
  for (const std::string name : {"loss", "validation", "epoch", "steps", "rate", "seconds"}) {
    model.metrics = {{name, network.accuracy}};
    EXPECT_EQ(refused(model),
              "fit: no metric can have the name '" + name + "', which a column of the history has");
  }
  model.metrics = {{"", network.accuracy}};
  EXPECT_THAT(refused(model), HasSubstr("the name '' of a metric is empty"));
  model.metrics = {{"a\nb", network.accuracy}};
  EXPECT_THAT(refused(model), HasSubstr("contains control characters"));
  model.metrics = {{"a", network.accuracy}, {"a", network.loss}};
  EXPECT_EQ(refused(model), "fit: two metrics have the name 'a'");
  model.metrics = {{"a", {}}};
  EXPECT_EQ(refused(model), "fit: the value of the metric 'a' is empty");
  model.metrics = {{"a", network.y}};
  EXPECT_THAT(refused<TypeError>(model), HasSubstr("the metric 'a' must be a float32 or float64"));
}

TEST_F(FitErrors, NameOptionsThatDoNotFit) {
  FitOptions options = quiet(1);
  const auto with = [&](auto&& change) {
    FitOptions changed = options;
    change(changed);
    return refused(changed);
  };
  EXPECT_EQ(with([](auto& o) { o.epochs = -1; }), "fit: epochs must be at least 0, got -1");
  EXPECT_EQ(with([](auto& o) { o.time_limit = std::chrono::seconds(-1); }),
            "fit: time_limit must be at least 0, got -1 s");
  for (const double fraction : {-0.1, 1.0, static_cast<double>(nan)})
    EXPECT_THAT(with([&](auto& o) { o.hold_out = fraction; }),
                HasSubstr("fit: hold_out must be a fraction from 0 to 1, less than 1, got "));
  EXPECT_EQ(with([](auto& o) { o.patience = 3; }),
            "fit: patience needs validation data: set hold_out or validation");
  EXPECT_EQ(with([](auto& o) { o.patience = -3; }), "fit: patience must be at least 0, got -3");
  EXPECT_EQ(with([](auto& o) { o.least_improvement = -1; }),
            "fit: least_improvement must be at least 0, got -1");
  EXPECT_EQ(with([](auto& o) { o.stratify = "inside"; }),
            "fit: stratify is about the rows held out, so it needs hold_out");
  EXPECT_EQ(
      with([](auto& o) { o.monitor = "validation"; }),
      "fit: monitor is 'validation', which is neither 'loss' nor 'validation' with validation "
      "data nor a metric of the model");
  options.hold_out = 0.5;
  EXPECT_EQ(with([](auto& o) { o.validation = circle(8); }),
            "fit: give either hold_out or validation data, not both");
  EXPECT_EQ(with([](auto& o) { o.stratify = "class"; }),
            "fit: there is no column 'class'; the columns are: point, inside");
  options.stratify = "point";
  EXPECT_THAT(refused<TypeError>(options),
              HasSubstr("the column 'point', by which rows are strat"));
}

TEST_F(FitErrors, NameBadReductionsOfTheRate) {
  const auto with = [&](const ReduceOnPlateau& plateau) {
    FitOptions options = quiet(1);
    options.reduce_on_plateau = plateau;
    return refused(options);
  };
  const Value& rate = network.rate;
  EXPECT_THAT(with({.rate = network.loss}), HasSubstr("must be a parameter of the graph"));
  EXPECT_THAT(with({.rate = {}}), HasSubstr("must be a parameter of the graph"));
  for (const double factor : {0.0, 1.0, -1.0, static_cast<double>(nan)})
    EXPECT_THAT(with({.rate = rate, .factor = factor}), HasSubstr("must be between 0 and 1, got"));
  EXPECT_EQ(with({.rate = rate, .patience = 0}),
            "fit: ReduceOnPlateau::patience must be at least 1, got 0");
  EXPECT_EQ(with({.rate = rate, .least_improvement = -1}),
            "fit: ReduceOnPlateau::least_improvement must be at least 0, got -1");
  EXPECT_EQ(with({.rate = rate, .least_rate = -1}),
            "fit: ReduceOnPlateau::least_rate must be at least 0, got -1");
}

TEST_F(FitErrors, NameAClassThatIsMissingFromASplit) {
  Tensor labels(Type{i64, {20}});
  labels.mutate<std::int64_t>()[3] = 1;
  FitOptions options = quiet(1);
  options.hold_out = 0.2;
  options.stratify = "inside";
  EXPECT_THAT(refused(network.model, circle(20).with("inside", labels), options),
              HasSubstr("class 1"));
}

TEST_F(FitErrors, NameFoldsThatDoNotFit) {
  const auto with = [&](const CrossValidationOptions& folds, const FitOptions& options) {
    return mistake<ArgumentError>(
        [&] { (void)cross_validate(network.model, state, circle(20), folds, options); });
  };
  EXPECT_THAT(with({.folds = 1}, quiet(1)), HasSubstr("cross_validate: "));
  EXPECT_THAT(with({.folds = 21}, quiet(1)), HasSubstr("20 rows"));
  EXPECT_THAT(with({.folds = 11, .stratify = "inside"}, quiet(1)), HasSubstr("class"));
  FitOptions options = quiet(1);
  options.hold_out = 0.1;
  EXPECT_THAT(with({}, options), HasSubstr("must set neither hold_out nor validation"));
}

TEST_F(FitErrors, SayWhatToDoWhereAShapeIsWrittenOut) {
  Graph graph;
  const Value x = graph.input("x", {f32, {8, 2}}), w = graph.parameter("w", Tensor(1.F));
  const Advancing key = random_key(graph, 1);
  const Value loss = mean(square(w * x + uniform(key.now, {f32, {8, 2}})));
  const Model model{.loss = loss,
                    .update = join({sgd(w, gradient(loss, w), 0.1), {key.update}}),
                    .inputs = {{x, "point"}}};
  State own(graph);
  const auto with = [&](std::int64_t rows, const FitOptions& options) {
    return mistake<ShapeError>([&] { (void)fit(model, own, circle(rows), options); });
  };
  const std::string text = with(20, quiet(1));
  EXPECT_THAT(text, testing::StartsWith("fit: the graph was built for batches of 8 rows, and "
                                        "cannot be made again for the 4 rows of the last batch: "));
  EXPECT_THAT(text, HasSubstr("fit_errors_test.cpp")) << "the line of the node";
  EXPECT_THAT(text, testing::EndsWith("or set drop_last to leave that batch out"));
  FitOptions options = quiet(1);
  options.drop_last = true;
  EXPECT_EQ(fit(model, own, circle(20), options).stopped, Stopped::epochs);
  options.validation = circle(11);
  EXPECT_THAT(with(20, options), testing::EndsWith("or use a multiple of 8 rows for validation"));
  options.validation = circle(16);
  EXPECT_EQ(fit(model, own, circle(16), options).stopped, Stopped::epochs);
}

TEST_F(FitErrors, RefuseAStateOfAnotherModel) {
  Graph graph;
  (void)graph.parameter("other", Tensor(1.0));
  State other(graph);
  FitOptions options = quiet(1);
  options.checkpoint = checkpoint;
  const std::string text =
      mistake<ArgumentError>([&] { (void)fit(network.model, other, circle(20), options); });
  EXPECT_THAT(text, HasSubstr("hidden/w"));
  EXPECT_FALSE(exists(checkpoint));
}

}  // namespace
}  // namespace dagrad
