// Examples: an op with two results and its own rule.
#include <dagrad/check.hpp>
#include <dagrad/dagrad.hpp>

#include <cmath>
#include <iomanip>
#include <iostream>

using namespace dagrad;

// [op]
/// Sine and cosine at once. Each is the slope of the other, except for the sign, so the rule reuses
/// both results and calls no function again.
struct SinCos {
  static constexpr auto name = "sincos", doc = "Sine and cosine.";
  template <class T>
  std::array<T, 2> operator()(T x) const {
    return {sin(x), cos(x)};
  }
  Grads grad(const GradContext& g) const {
    const Value sine = g.outs[0], cosine = g.outs[1];
    return {g.dout_or_zeros(0) * cosine - g.dout_or_zeros(1) * sine};
  }
};
// [/op]

int main() {
  // [use]
  Graph graph;
  const Value angle = graph.parameter("angle", Tensor(0.0));
  const auto [sine, cosine] = apply(SinCos{}, {angle});
  const Value distance = (square(cosine - 0.6) + square(sine - 0.8)).named("distance");  // squared
  const Value slope = gradient(distance, angle);
  // [/use]

  // [draw]
  const PictureOptions picture{.title = "A point on a circle, and the slope of its distance",
                           .fetches = {distance, slope},
                           .legend = false};
  write_dot("two_results.dot", graph, picture);
  write_svg("two_results.svg", graph, picture);
  // [/draw]

  // [check]
  const OpReport report = check_op(SinCos{});
  std::cout << report.text() << "\n";
  // [/check]

  // [fit]
  const Function nearer = compile({distance}, {.update = {{angle, angle - 0.2 * slope}}});
  State state(graph);
  for (int i = 0; i < 100; ++i) nearer(state);
  std::cout << "nearest at an angle of " << std::setprecision(6) << state.get(angle).at(0) << "\n";
  // [/fit]
  const Difference off = compare(state.get(angle), Tensor(std::atan2(0.8, 0.6)), 1e-12);
  if (report.passed() && off.close) return 0;
  std::cerr << "the rule is wrong, or the angle: " << off.text << "\n";
  return 1;
}
