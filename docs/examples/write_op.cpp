// Guide: ops of your own, from one line to a kernel with a rule.
#include <dagrad/check.hpp>
#include <dagrad/dagrad.hpp>

#include <cmath>
#include <iostream>

using namespace dagrad;

// [functor]
struct Swish {
  double beta = 1;                                      // attributes are plain members,
  using attributes = dagrad::attributes<&Swish::beta>;  // listed
  static constexpr auto name = "swish";
  static constexpr auto doc = "x * sigmoid(beta * x).";
  template <class T>
  T operator()(T x) const {
    return x * sigmoid(beta * x);
  }
};
Value swish(const Operand& x, double beta = 1) { return apply(Swish{beta}, {x}); }
// [/functor]

// [kernel]
/// The running total of a vector. Its rule is written in graph ops, so it can be differentiated
/// again.
struct RunningTotal {
  bool reverse = false;
  using attributes = dagrad::attributes<&RunningTotal::reverse>;
  static constexpr auto name = "running_total";
  static constexpr std::size_t operands = 1;
  static constexpr int like = 0;  // the result has the shape of operand 0, whatever it is

  Type infer(std::span<const Type> in) const {
    if (in[0].shape.rank() != 1) throw ShapeError("takes a vector, got " + to_string(in[0]));
    if (in[0].dtype != f64) throw TypeError("takes float64, got " + to_string(in[0]));
    return in[0];
  }
  void eval(const EvalContext& c) const {
    const auto x = c.in<double>(0);
    const auto out = c.out<double>();
    double total = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t at = reverse ? x.size() - 1 - i : i;
      out[at] = total += x[at];
    }
  }
  Grads grad(const GradContext& g) const { return {apply(RunningTotal{!reverse}, {g.dout})}; }

  static Samples samples(Rng& rng) {
    return {{RunningTotal{false}, {rng.normal({5})}},
            {RunningTotal{true}, {rng.normal({1})}},
            {RunningTotal{false}, {rng.normal({0})}}};
  }
};
Value running_total(const Operand& x) { return apply(RunningTotal{}, {x}); }
// [/kernel]

// [branching]
/// A functor that must branch on values says so. It runs as a plain loop and needs its own rule.
struct Steps {
  static constexpr auto name = "steps_to_one";
  static constexpr no_grad grad{"it counts"};
  template <PlainNumber T>
  T operator()(T x) const {
    T steps = 0;
    for (; x > 1; x = x / 2) steps = steps + 1;
    return steps;
  }
};
// [/branching]

int main() {
  Graph graph;
  const Value x = graph.input("x", {f64, {4}});

  // [use]
  const auto leaky = elementwise("leaky", [](auto v) { return select(v > 0, v, 0.01 * v); });
  const Value y = sum(leaky(running_total(swish(x, 2))));
  const Value dx = gradient(y, x);
  std::cout << gradient(sum(dx), x).node() << "\n";  // also of second order
  // [/use]

  // [check]
  const CheckReport report = check_gradient(y, {x}, {{x, Tensor::of({-1.5, -0.5, 0.5, 1.5})}});
  std::cout << report.text() << "\n";
  Rng rng(1);
  std::cout << check_op(RunningTotal{}, RunningTotal::samples(rng)).text() << "\n";
  // [/check]

  // [steps]
  std::cout << "steps: "
            << evaluate(apply(Steps{}, {x}), {{x, Tensor::of({0.5, 2.0, 9.0, 1000.0})}}) << "\n";
  // [/steps]
  return report.passed() ? 0 : 1;
}
