// Guide: training.
#include <dagrad/dagrad.hpp>

#include <iomanip>
#include <iostream>

using namespace dagrad;

int main() {
  // [model]
  Graph graph;
  const Value x = graph.input("x", {f32, {32, 2}});
  const Value y = graph.input("y", {f32, {32, 1}});
  Rng rng(1);
  const Value w1 = graph.parameter("hidden/w", rng.glorot_uniform({2, 16}, f32));
  const Value b1 = graph.parameter("hidden/b", Tensor(Type{f32, {16}}));
  const Value w2 = graph.parameter("out/w", rng.glorot_uniform({16, 1}, f32));
  const Value hidden = tanh(matmul(x, w1) + b1);
  // [/model]

  // [dropout]
  const Advancing key = random_key(graph, 42);
  const Value kept = less(uniform(key.now, hidden.type()), 0.9);  // a new mask in every run
  const Value loss = mse(matmul(where(kept, hidden / 0.9, 0), w2), y);
  // [/dropout]

  // [optimizer]
  const std::vector<Value> weights{w1, b1, w2};
  const Clipped clipped = clip_by_global_norm(gradient(loss, weights), 1.0);

  const Advancing step = step_counter(graph);
  const Value rate = 0.02 * pow(0.99, cast(step.now, f32));
  const auto updates =
      adamw(weights, clipped.gradients, rate, {.weight_decay = 0.001, .step = step});
  const Function train = compile(loss, {.update = join({updates, {key.update}})});
  // [/optimizer]

  const auto batch = [&](int i) -> Feeds {
    Rng data(i);
    const Tensor points = data.uniform({32, 2}, -1, 1, f32);
    Tensor products(Type{f32, {32, 1}});
    for (std::size_t row = 0; row < 32; ++row)
      products.mutate<float>()[row] =
          points.values<float>()[2 * row] * points.values<float>()[2 * row + 1];
    return {{x, points}, {y, products}};
  };

  // [run]
  State state(graph);
  std::cout << std::setprecision(3) << std::boolalpha;
  for (int i = 0; i < 300; ++i) {
    if (i == 200) save("state.npz", state);
    const float now = train(state, batch(i))[0].item<float>();
    if (i % 100 == 0) std::cout << "step " << i << ": loss " << now << "\n";
  }
  // [/run]

  // [resume]
  State resumed(graph);
  load("state.npz", resumed);
  for (int i = 200; i < 300; ++i) train(resumed, batch(i));
  std::cout << "the same weights to the bit: " << same_bits(resumed.get(w1), state.get(w1)) << "\n";
  // [/resume]

  // [state]
  for (const auto& [name, tensor] : read_npz("state.npz"))
    std::cout << name << " " << to_string(tensor.type()) << "\n";
  // [/state]
}
