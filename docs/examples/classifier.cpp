// A small classifier: batches, validation, early stopping, saving and resuming.
#include <dagrad/dagrad.hpp>

#include <iomanip>
#include <iostream>

using namespace dagrad;

int main(int argc, char** argv) {
  if (argc < 2) return 2;

  // [data]
  const Csv table = read_csv(argv[1], f32);  // 64 pixels, 0 to 16, and the digit that they show
  const Tensor images = table.values[{{}, {0, 64}}];
  const Tensor labels = table.column("digit").cast(i64);

  const Tensor shuffled = Rng(1).permutation(labels.size());
  const Tensor held_out = shuffled[Range{0, 360}], rest = shuffled[{.begin = 360}];
  const Tensor valid_images = take(images, held_out, 0), valid_labels = take(labels, held_out, 0);
  const Tensor train_images = take(images, rest, 0), train_labels = take(labels, rest, 0);
  // [/data]

  // [model]
  constexpr std::int64_t batch = 64;
  Graph graph;
  Rng rng(2);
  const Value w1 = graph.parameter("hidden/w", rng.he_normal({64, 32}, f32));
  const Value b1 = graph.parameter("hidden/b", Tensor(Type{f32, {32}}));
  const Value w2 = graph.parameter("out/w", rng.he_normal({32, 10}, f32));
  const Value b2 = graph.parameter("out/b", Tensor(Type{f32, {10}}));
  const auto logits = [&](const Value& x) {
    return matmul(relu(matmul(x / 16, w1) + b1), w2) + b2;
  };

  const Value x = graph.input("x", {f32, {batch, 64}});
  const Value y = graph.input("y", {i64, {batch}});
  const Value loss = cross_entropy(logits(x), y);
  const std::vector<Value> weights{w1, b1, w2, b2};
  const auto updates = adam(weights, gradient(loss, weights), 0.002);
  const Function train = compile({loss}, {.update = updates});

  // The same weights at another batch size.
  const Value all = graph.input("all", valid_images.type());
  const Function predict = compile({logits(all)});
  // [/model]

  // [epoch]
  const auto accuracy = [&](const State& state) {
    const Tensor predicted = argmax(predict(state, {{all, valid_images}})[0], -1);
    return mean(equal(predicted, valid_labels).cast(f64)).item<double>();
  };
  const auto run_epoch = [&](State& state, int epoch) {
    const Tensor order = Rng(100 + epoch).permutation(train_labels.size());
    for (std::int64_t first = 0; first + batch <= order.size(); first += batch) {
      const Tensor rows = order[Range{first, first + batch}];
      train(state, {{x, take(train_images, rows, 0)}, {y, take(train_labels, rows, 0)}});
    }
  };
  // [/epoch]

  // [train]
  State state(graph);
  std::cout << std::fixed << std::setprecision(3) << std::boolalpha;
  double best = 0;
  int epoch = 0;
  for (int since_best = 0; since_best < 5 && epoch < 60; ++epoch) {
    if (epoch == 10) save("training.npz", state);  // with what the optimizer remembers
    run_epoch(state, epoch);
    const double now = accuracy(state);
    ++since_best;
    if (now > best) {
      best = now;
      since_best = 0;
      save("best.npz", state, weights);  // the weights alone
    }
  }
  std::cout << "stopped after " << epoch << " epochs; the best accuracy is " << best << "\n";
  // [/train]

  // [resume]
  State resumed(graph);
  load("training.npz", resumed);
  for (int e = 10; e < epoch; ++e) run_epoch(resumed, e);
  const bool same = same_bits(resumed.get(w1), state.get(w1));
  std::cout << "resumed, the same weights to the bit: " << same << "\n";
  // [/resume]

  // [serve]
  Graph model;  // of weights and nothing else, as a program has it that only predicts
  for (const Value& weight : weights) model.parameter(weight.name(), Tensor(weight.type()));
  State served(model);
  load("training.npz", served, {.ignore_extra = true});
  load("best.npz", served);
  std::cout << "the best weights, loaded: accuracy " << accuracy(served) << "\n";
  // [/serve]

  return best > 0.95 && same && accuracy(served) == best ? 0 : 1;
}
