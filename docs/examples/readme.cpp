// The program of the README.
// [program]
#include <dagrad/dagrad.hpp>

#include <iostream>

int main() {
  using namespace dagrad;
  Graph graph;
  const Value x = graph.input("x", {f64, {4, 2}});
  const Value w = graph.parameter("w", Tensor::of({{0.5}, {-0.25}}));
  const Value b = graph.parameter("b", Tensor(0.1));

  // An op of your own, with its gradient, vectorised loop and picture.
  const auto leaky = elementwise("leaky", [](auto v) { return select(v > 0, v, 0.1 * v); });
  const Value y = mean(square(leaky(matmul(x, w) + b)));

  const auto grads = gradient(y, {w, b});  // ordinary nodes: differentiate, compile or draw them
  const Function f = compile({y, grads[0], grads[1]});
  const auto results = f({{x, Tensor::of({{1.0, 2.0}, {3.0, 4.0}, {-5.0, 6.0}, {7.0, -8.0}})}});

  std::cout << graph << "\ny = " << results[0] << "\ndy/dw =\n"
            << results[1] << "\ndy/db = " << results[2] << "\n";
  const PictureOptions picture{.fetches = {y, grads[0], grads[1]}};
  write_dot("readme.dot", graph, picture);
  write_svg("readme.svg", graph, picture);
}
// [/program]
