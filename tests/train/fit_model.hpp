#pragma once

#include "dagrad/train.hpp"

namespace dagrad::test {

/// Points in the plane and whether they lie within the unit circle.
inline Dataset circle(std::int64_t rows, std::int64_t seed = 1) {
  const Tensor points = Rng(seed).uniform({rows, 2}, -1.5, 1.5, f32);
  std::vector<std::int64_t> labels;
  for (std::int64_t i = 0; i < rows; ++i)
    labels.push_back(
        points.at(2 * i) * points.at(2 * i) + points.at(2 * i + 1) * points.at(2 * i + 1) < 1);
  return Dataset{{"point", points}, {"inside", Tensor({rows}, labels)}};
}

/// A network with dropout, trained by Adam, whose rate is a parameter.
struct CircleNetwork {
  Graph graph;
  Value x, y, rate, loss, exact, accuracy;
  Model model;

  explicit CircleNetwork(std::int64_t batch = 8, double initial_rate = 0.02) {
    x = graph.input("x", {f32, {batch, 2}});
    y = graph.input("y", {i64, {batch}});
    Rng rng(3);
    const Value w = graph.parameter("hidden/w", rng.he_normal({2, 16}, f32)),
                b = graph.parameter("hidden/b", Tensor(Type{f32, {16}})),
                v = graph.parameter("out/w", rng.he_normal({16, 2}, f32));
    rate = graph.parameter("rate", Tensor(static_cast<float>(initial_rate)));
    const Advancing key = random_key(graph, 5);
    const Value hidden = relu(matmul(x, w) + b);
    loss = cross_entropy(matmul(dropout(hidden, key.now, 0.1), v), y);
    const Value logits = matmul(hidden, v);
    exact = cross_entropy(logits, y);
    accuracy = mean(cast(equal(argmax(logits, 1), y), f32));
    const std::vector<Value> weights{w, b, v};
    model = {.loss = loss,
             .update = join({adam(weights, gradient(loss, weights), rate), {key.update}}),
             .inputs = {{x, "point"}, {y, "inside"}},
             .metrics = {{"accuracy", accuracy}},
             .validation = exact,
             .rate = rate};
  }
};

/// Options that show nothing.
inline FitOptions quiet(std::int64_t epochs) {
  FitOptions options;
  options.epochs = epochs;
  options.progress = ProgressStyle::none;
  return options;
}

/// Whether all parameters have the same bits.
inline bool same_state(const State& a, const State& b) {
  const auto values = a.values(), others = b.values();
  return values.size() == others.size() &&
         std::equal(values.begin(), values.end(), others.begin(), [](const auto& p, const auto& q) {
           return p.first == q.first && same_bits(p.second, q.second);
         });
}

/// Whether all columns have the same numbers, except the seconds.
inline bool same_history(const History& a, const History& b) {
  if (a.columns() != b.columns()) return false;
  for (const std::string& name : a.columns())
    if (name != "seconds" && a[name] != b[name]) return false;
  return true;
}

}  // namespace dagrad::test
