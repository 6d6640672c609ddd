// Guide: from the computation of one sample to that of a batch.
#include <dagrad/dagrad.hpp>

#include <iostream>
#include <vector>

using namespace dagrad;

namespace {

// [op]
/// The running product of each pair of neighbours along the last axis.
struct Neighbours {
  static constexpr auto name = "neighbours";
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::leading;
  Type infer(std::span<const Type> in) const {
    std::vector<std::int64_t> sizes(in[0].shape.begin(), in[0].shape.end());
    if (sizes.empty() || sizes.back() == 0) throw ShapeError("needs an element to begin with");
    --sizes.back();
    return {in[0].dtype, Shape(sizes)};
  }
  void eval(const EvalContext& c) const {
    const std::int64_t row = c.in_shape(0)[c.in_shape(0).rank() - 1];
    const auto x = c.in<double>(0);
    const auto out = c.out<double>();
    for (std::int64_t i = 0, at = 0; i < std::ssize(x); ++i)
      if (i % row + 1 < row) {
        const auto k = static_cast<std::size_t>(i);
        out[static_cast<std::size_t>(at++)] = x[k] * x[k + 1];
      }
  }
  static constexpr no_grad grad{"it is an example for batches"};
};
// [/op]

void show(const Tensor& tensor) { std::cout << tensor << '\n'; }

void samples() {
  // [one]
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value target = graph.input("target", {f64, {}});
  const Value w = graph.parameter("w", Tensor::of({0.5, -0.25}));
  const Value loss = square(matmul(w, x) - target);
  const Value dw = gradient(loss, w);
  // [/one]

  // [each]
  const auto [batched, to] = batch(graph, {x, target}, 4);
  const Value size = norm(to(dw), 2, 1);  // to(dw) is [4, 2]
  const Tensor xs = Tensor::of<double>({{1, 2}, {2, 0}, {0, 1}, {4, -4}});
  const Tensor targets = Tensor::of<double>({0.1, 1.2, -0.2, -3});
  const auto values = evaluate({to(loss), to(dw), size}, {{x, xs}, {target, targets}});
  // [/each]
  for (const Tensor& value : values) show(value);
}

void append() {
  // [append]
  Graph graph;
  const Value x = graph.input("x", {f64, {2}});
  const Value a = graph.parameter("a", Tensor::of<double>({{2, 1}, {1, 3}}));
  const Value y = square(matmul(inverse(a), x));
  const Value xs = graph.input("xs", {f64, {3, 2}});
  const Value ys = batch(y, {{x, xs}});  // one inverse for all of them
  // [/append]
  std::cout << ys.type() << '\n';
  show(evaluate(ys, {{xs, Tensor::of<double>({{5, 0}, {0, 5}, {5, 5}})}}));
}

void ensemble() {
  // [ensemble]
  Graph graph;
  const Value x = graph.input("x", {f64, {}});
  const Value xs = graph.constant({-2.0, -1.0, 0.0, 1.0, 2.0});
  const Value ys = graph.constant({4.1, 0.9, 0.2, 1.1, 3.8});
  const Value weights = graph.input("weights", {f64, {5}});  // of the five samples
  const Value c = graph.parameter("c", Tensor::of({0.0, 0.0, 0.0}));
  const auto curve = [&](const Value& at) { return c[0] + at * (c[1] + at * c[2]); };
  const Value loss = sum(weights * square(curve(xs) - ys));
  const Value prediction = curve(x), dc = gradient(loss, c);

  const std::int64_t members = 100;
  const auto [models, to] = batch(graph, {c, weights}, members);
  const auto step = compile({to(loss)}, {.update = sgd({to(c)}, {to(dc)}, 0.005)});

  State state(models);
  Rng rng(1);
  Tensor drawn({f64, {members, 5}});  // each model learns from five samples, drawn with repetition
  for (std::int64_t i = 0; i < 5 * members; ++i)
    drawn.mutate<double>()[static_cast<std::size_t>(i / 5 * 5 + rng.integer(0, 5))] += 1;
  for (int i = 0; i < 2000; ++i) step(state, {{weights, drawn}});
  const auto f = compile({mean(to(prediction)), standard_deviation(to(prediction))});
  for (const double at : {0.0, 1.5, 3.0}) {
    const auto values = f(state, {{x, Tensor(at)}});
    std::cout << at << ": " << values[0].item<double>() << " ± " << values[1].item<double>()
              << '\n';
  }
  // [/ensemble]
}

void resize() {
  // [rebatch]
  Graph graph;
  const Value x = graph.input("x", {f64, {32, 3}});
  const Value w = graph.parameter("w", Tensor::of({0.5, -1.0, 2.0}));
  const Value y = matmul(x, w);
  const auto [larger, to] = rebatch(graph, {x}, 500);
  std::cout << to(x).type() << " gives " << to(y).type() << '\n';
  // [/rebatch]
}

void own_op() {
  // [use]
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value y = apply(Neighbours{}, {x});
  const Value xs = graph.constant({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  const Value ys = batch(y, {{x, xs}}, {.loops = Loops::refused});
  // [/use]
  show(evaluate(ys));
}

}  // namespace

int main() {
  std::cout << "== samples ==\n";
  samples();
  std::cout << "== append ==\n";
  append();
  std::cout << "== ensemble ==\n";
  ensemble();
  std::cout << "== rebatch ==\n";
  resize();
  std::cout << "== op ==\n";
  own_op();
}
