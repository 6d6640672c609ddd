// Guide: gradients checked with finite differences.
#include <dagrad/check.hpp>
#include <dagrad/dagrad.hpp>

#include <iostream>

using namespace dagrad;

// [wrong]
/// A rule with a slip: it multiplies the cotangent by x instead of 2 * x.
struct WrongSquare {
  static constexpr auto name = "wrong_square";
  template <class T>
  T operator()(T x) const {
    return x * x;
  }
  Grads grad(const GradContext& g) const { return {g.dout * g.in[0]}; }
};
// [/wrong]

int main() {
  // [check]
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value w = graph.parameter("w", Tensor::of({0.5, -1.0, 2.0}));
  const Value y = logsumexp(tanh(x * w));
  const CheckReport report = check_gradient(y, {x, w}, {{x, Tensor::of({0.3, -0.7, 1.1})}});
  std::cout << report.text() << "\n";
  // [/check]

  // [fails]
  const Value z = sum(apply(WrongSquare{}, {exp(x)}));
  const CheckReport wrong = check_gradient(z, {x}, {{x, Tensor::of({0.3, -0.7, 1.1})}});
  std::cout << wrong.text() << "\n";
  // [/fails]

  State state(graph);
  state.set(w, Tensor::of({-0.2, 1.5, 0.1}));
  // [trained]
  Feeds feeds{{x, Tensor::of({0.3, -0.7, 1.1})}};
  for (const auto& [name, value] : state.values()) feeds.push_back({name, value});
  const CheckReport trained = check_gradient(y, {x, w}, feeds);
  // [/trained]
  return report.passed() && !wrong.passed() && trained.passed() ? 0 : 1;
}
