// Examples: training through rounding with a straight-through estimator.
#include <dagrad/dagrad.hpp>

#include <iostream>

using namespace dagrad;

// [round]
/// x rounded to multiples of `step`. Its slope is 0 almost everywhere, so nothing would learn; the
/// gradient is passed straight through instead, as if the result were x (Bengio et al. 2013).
Value quantize(const Value& x, double step) {
  return custom_gradient(round(x / step) * step, {x},
                         [](const GradContext& g) -> Grads { return {g.dout}; });
}
// [/round]

int main() {
  // [train]
  Graph graph;
  const Value x = graph.input("x", {f64, {64, 4}});
  const Value y = graph.input("y", {f64, {64, 1}});
  const Value w = graph.parameter("w", Tensor(Type{f64, {4, 1}}));

  const Value coarse = quantize(w, 0.25);  // the weights that a run multiplies by
  const Value loss = mse(matmul(x, coarse), y);
  const Function train = compile({loss}, {.update = sgd({{w}}, {{gradient(loss, w)}}, 0.05)});
  // [/train]

  // [run]
  const Tensor truth = Tensor::of({{0.75}, {-1.25}, {0.5}, {2.0}});
  Rng rng(1);
  const Tensor points = rng.normal({64, 4});
  const Feeds feeds{{x, points}, {y, evaluate(matmul(x, graph.constant(truth)), {{x, points}})}};

  State state(graph);
  for (int i = 0; i <= 100; ++i) {
    const double now = train(state, feeds)[0].item<double>();
    if (i % 20 == 0) std::cout << "step " << i << ": loss " << now << "\n";
  }
  const Tensor found = compile({coarse})(state)[0];
  std::cout << "kept:\n" << state.get(w) << "\nused:\n" << found << "\n";
  // [/run]

  // [honest]
  const Value honest = gradient(sum(round(w)), w);
  std::cout << "the slope of round itself: " << evaluate(reshape(honest, {4})) << "\n";
  // [/honest]
  if (same_bits(found, truth) && same_bits(evaluate(honest), Tensor(w.type()))) return 0;
  std::cerr << "the quantised weights are not the true ones\n";
  return 1;
}
