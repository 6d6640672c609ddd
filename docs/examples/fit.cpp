// Trains a network with `fit`: rows held out, early stopping, callbacks, a history, folds.
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <dagrad/train.hpp>

#include <algorithm>
#include <iomanip>
#include <iostream>

using namespace dagrad;

int main(int argc, char** argv) {
  if (argc < 2) return 2;

  // [data]
  const std::vector<DatasetColumn> columns{{"pixels", f32, {"p00"}, "p77"}, {"digit", i64}};
  const Dataset digits = read_csv_dataset(argv[1], columns);
  std::cout << digits << "\n";
  // [/data]

  // [model]
  constexpr std::int64_t batch = 32;
  Graph graph;
  Rng rng(1);
  const Value x = graph.input("x", {f32, {batch, 64}}), y = graph.input("y", {i64, {batch}});
  const Value w1 = graph.parameter("hidden/w", rng.he_normal({64, 32}, f32));
  const Value b1 = graph.parameter("hidden/b", Tensor(Type{f32, {32}}));
  const Value w2 = graph.parameter("out/w", rng.he_normal({32, 10}, f32));
  const Value b2 = graph.parameter("out/b", Tensor(Type{f32, {10}}));
  const Advancing key = random_key(graph, 2);

  const Value hidden = relu(matmul(x / 16, w1) + b1);
  const Value logits = matmul(hidden, w2) + b2;
  const Value loss = cross_entropy(matmul(dropout(hidden, key.now, 0.1), w2) + b2, y);
  const Value accuracy = mean(cast(equal(argmax(logits, 1), y), f32));

  const std::vector<Value> weights{w1, b1, w2, b2};
  const Model model{.loss = loss,
                    .update = join({adam(weights, gradient(loss, weights), 0.003), {key.update}}),
                    .inputs = {{x, "pixels"}, {y, "digit"}},
                    .metrics = {{"accuracy", accuracy}},
                    .validation = cross_entropy(logits, y)};  // without dropout
  // [/model]

  // [fit]
  State state(graph);
  const Fitted fitted = fit(model, state, digits,
                            {.epochs = 50, .hold_out = 0.2, .stratify = "digit", .patience = 5});
  // [/fit]

  // [fitted]
  const auto best = static_cast<std::size_t>(fitted.best_epoch - 1);
  std::cout << std::setprecision(3) << "accuracy " << fitted.history["accuracy"][best]
            << " after epoch " << fitted.best_epoch << " of " << fitted.history.epochs() << "\n";
  save("weights.npz", fitted.best, weights);
  // [/fitted]

  // [history]
  write_csv("history.csv", fitted.history);
  draw("fit_history.svg", fitted.history, {.title = "Reading digits", .y = "cross-entropy"});
  // [/history]

  // [callbacks]
  State watched(graph);
  double largest = 0;
  FitOptions options{.epochs = 20};
  options.on_step = [&](StepEvent& event) { largest = std::max(largest, event.loss); };
  options.on_epoch = [](EpochEvent& event) {
    event.stop = event.history["accuracy"].back() > 0.95;
  };
  // [/callbacks]

  // [log]
  const auto logger = spdlog::stdout_logger_mt("training");
  logger->set_pattern("%l: %v");
  options.log = [&](LogLevel level, std::string_view line) {
    logger->log(level == LogLevel::warning ? spdlog::level::warn : spdlog::level::info, line);
  };
  // [/log]
  (void)fit(model, watched, digits, options);
  std::cout << "the largest loss of a batch: " << largest << "\n";

  // [plateau]
  const Value rate = graph.parameter("rate", Tensor(0.1F));
  Model falling = model;
  falling.update = sgd(weights, gradient(model.validation, weights), rate, {.momentum = 0.9});
  falling.loss = model.validation;
  State descending(graph);
  const Fitted slower =
      fit(falling, descending, digits,
          {.epochs = 30,
           .hold_out = 0.2,
           .stratify = "digit",
           .reduce_on_plateau = ReduceOnPlateau{.rate = rate, .factor = 0.3, .patience = 3}});
  std::cout << "the rate at the end: " << slower.history["rate"].back() << "\n";
  // [/plateau]

  // [folds]
  const std::vector<Fitted> folds = cross_validate(
      model, State(graph), digits, {.folds = 5, .stratify = "digit"}, {.epochs = 15});
  double mean = 0;
  for (const Fitted& fold : folds) mean += fold.history["accuracy"].back() / 5;
  std::cout << "mean accuracy over the folds: " << mean << "\n";
  // [/folds]

  // [progress]
  constexpr std::int64_t trials = 1'000'000;
  ProgressBar progress("searching", trials);
  double smallest = 1;
  for (std::int64_t i = 0; i < trials; ++i) {
    smallest = std::min(smallest, uniform_double(7, i));
    if (progress.due()) progress.show(i + 1, "smallest " + std::to_string(smallest));
  }
  progress.finish("found " + std::to_string(smallest));
  // [/progress]
  return fitted.history["accuracy"][best] > 0.95 && mean > 0.95 ? 0 : 1;
}
