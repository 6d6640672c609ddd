// What `fit` costs over a loop written by hand.
#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "dagrad/train.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

struct Sizes {
  std::vector<std::int64_t> layers;
  std::int64_t batch, rows;  ///< the last batch of an epoch is smaller
  std::int64_t epochs;
};

/// A classifier with ReLU, trained by SGD with momentum.
struct Classifier {
  Graph graph;
  Value x, y, loss;
  std::vector<Update> update;

  Classifier(const Sizes& sizes, std::int64_t batch)
      : x(graph.input("x", {f32, {batch, sizes.layers.front()}})),
        y(graph.input("y", {i64, {batch}})) {
    Rng rng(1);
    std::vector<Value> weights;
    Value h = x;
    for (std::size_t i = 0; i + 1 < sizes.layers.size(); ++i) {
      const Scope scope = graph.scope("layer" + std::to_string(i));
      const Value w =
          graph.parameter("w", rng.he_normal({sizes.layers[i], sizes.layers[i + 1]}, f32));
      const Value b = graph.parameter("b", Tensor(Type{f32, {sizes.layers[i + 1]}}));
      h = matmul(i == 0 ? h : relu(h), w) + b;
      weights.insert(weights.end(), {w, b});
    }
    loss = cross_entropy(h, y);
    update = sgd(weights, gradient(loss, weights), 0.01, {.momentum = 0.9});
  }
};

/// A training step and the memory of its batch.
struct Step {
  Tensor x, y;
  BoundRun run;

  Step(const Classifier& classifier, State& state, const Settings& settings)
      : x(classifier.x.type()),
        y(classifier.y.type()),
        run(compile(classifier.loss, {.update = classifier.update, .threads = settings.threads})
                .bind(state)) {
    run.feed(classifier.x, x.view());  // its memory, which is filled anew for each step
    run.feed(classifier.y, y.view());
  }
  double operator()(const Tensor& all_x, const Tensor& all_y, std::span<const std::int64_t> rows) {
    const auto width = static_cast<std::size_t>(x.shape()[1]);
    float* to = x.mutate<float>().data();
    std::int64_t* label = y.mutate<std::int64_t>().data();
    for (const std::int64_t row : rows) {
      std::memcpy(to, all_x.values<float>().data() + static_cast<std::size_t>(row) * width,
                  width * sizeof(float));
      to += width;
      *label++ = all_y.values<std::int64_t>()[static_cast<std::size_t>(row)];
    }
    run();
    return static_cast<double>(run.fetch(0).as<float>()[0]) * static_cast<double>(rows.size());
  }
};

/// The loss in the last epoch.
double by_hand(const Sizes& sizes, const Dataset& data, const Settings& settings) {
  const Classifier classifier(sizes, sizes.batch), smaller(sizes, sizes.rows % sizes.batch);
  State state(classifier.graph);
  Step whole(classifier, state, settings), rest(smaller, state, settings);
  const Tensor x = data["x"], y = data["y"];
  std::vector<std::int64_t> order(static_cast<std::size_t>(sizes.rows));
  const auto batch = static_cast<std::size_t>(sizes.batch);
  double loss = 0;
  for (std::int64_t epoch = 1; epoch <= sizes.epochs; ++epoch) {
    fill_permutation(fold_in(0, epoch), order);
    double sum = 0;
    for (std::size_t at = 0; at < order.size(); at += batch) {
      const auto rows = std::span(order).subspan(at, std::min(batch, order.size() - at));
      sum += (rows.size() == batch ? whole : rest)(x, y, rows);
    }
    loss = sum / static_cast<double>(sizes.rows);
  }
  return loss;
}

double by_fit(const Sizes& sizes, const Dataset& data, const Settings& settings) {
  const Classifier classifier(sizes, sizes.batch);
  State state(classifier.graph);
  return fit({.loss = classifier.loss,
              .update = classifier.update,
              .inputs = {{classifier.x, "x"}, {classifier.y, "y"}}},
             state, data,
             {.epochs = sizes.epochs, .progress = ProgressStyle::none, .threads = settings.threads})
      .history["loss"]
      .back();
}

void compare_fit(const Settings& settings, const std::string& what, const Sizes& sizes) {
  Rng rng(1);
  const Dataset data{{"x", rng.normal({sizes.rows, sizes.layers.front()}, 0, 1, f32)},
                     {"y", rng.integers({sizes.rows}, 0, sizes.layers.back())}};
  if (by_hand(sizes, data, settings) != by_fit(sizes, data, settings))
    throw std::runtime_error("the two loops do not do the same");
  print(settings, "fit", what, "ratio",
        ratio([&] { by_hand(sizes, data, settings); }, [&] { by_fit(sizes, data, settings); }));
}

}  // namespace

void fit_loop(const Settings& settings) {
  compare_fit(settings, "digits, 64-64-10, batch 32: over a loop written by hand",
              {.layers = {64, 64, 10}, .batch = 32, .rows = 1438, .epochs = 60});
  compare_fit(settings, "784-512-512-10, batch 64: over a loop written by hand",
              {.layers = {784, 512, 512, 10}, .batch = 64, .rows = 1000, .epochs = 3});
}

}  // namespace dagrad::bench
