// Guide: training.
#include <dagrad/dagrad.hpp>

#include <iomanip>
#include <iostream>
#include <vector>

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
  const Value dropped = dropout(hidden, key.now, 0.1);  // a new mask in every run
  const Value loss = mse(matmul(dropped, w2), y);
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

  // [batch]
  // The feeds of step i: random points, and the product of the two coordinates of each.
  const auto batch = [&](int i, std::int64_t rows = 32) -> Feeds {
    const Tensor points = Rng(i).uniform({rows, 2}, -1, 1, f32);
    std::vector<float> products;
    for (std::int64_t row = 0; row < rows; ++row)
      products.push_back(points[{row, 0}].item<float>() * points[{row, 1}].item<float>());
    return {{x, points}, {y, Tensor({rows, 1}, products)}};
  };
  // [/batch]

  // [run]
  State state(graph);
  std::cout << std::setprecision(3) << std::boolalpha;
  for (int i = 0; i < 300; ++i) {
    if (i == 200) save("state.npz", state);
    const float now = train(state, batch(i))[0].item<float>();
    if (i % 100 == 0) std::cout << "step " << i << ": loss " << now << "\n";
  }
  // [/run]

  // [validation]
  // The loss without dropout, of 500 rows instead of 32.
  const Value exact = mse(matmul(hidden, w2), y);
  const Retyped sizes[] = {{x, {f32, {500, 2}}}, {y, {f32, {500, 1}}}};
  const Rewritten larger = replay(graph, sizes);
  const Function validate = compile(larger.mapping(exact));
  std::cout << "validation: " << validate(state, batch(1000, 500))[0].item<float>() << "\n";
  // [/validation]

  // [resume]
  State resumed(graph);
  load("state.npz", resumed);
  for (int i = 200; i < 300; ++i) train(resumed, batch(i));
  std::cout << "the same weights to the bit: " << same_bits(resumed.get(w1), state.get(w1)) << "\n";
  // [/resume]

  // [flat]
  const Value hits = equal(matmul(hidden, w2) > 0, y > 0);
  const Tensor flat = evaluate(gradient(mean(cast(hits, f32)), w2), batch(0));
  std::cout << "an accuracy has a gradient that is all zeros: " << !any(flat).item<bool>() << "\n";
  // [/flat]

  // [state]
  for (const auto& [name, tensor] : read_npz("state.npz"))
    std::cout << name << " " << to_string(tensor.type()) << "\n";
  // [/state]
}
