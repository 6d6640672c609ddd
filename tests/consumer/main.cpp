// A user's program: defines an op, takes its gradient, runs it and catches an error. Returns 0 if
// everything is right to the bit.

#include <cmath>
#include <cstdio>
#include <cstring>
#include <span>
#include <vector>

#include "dagrad/dagrad.hpp"

namespace {

// A product and a sum, which show whether the compiler fuses them, as -march=native allows.
struct Bend {
  double curvature = 0.3;
  using attributes = dagrad::attributes<&Bend::curvature>;

  static constexpr auto name = "bend";
  static constexpr auto doc = "curvature * x * x + x where x > 0, x elsewhere.";

  template <class T>
  T operator()(T x) const {
    return select(x > 0, curvature * x * x + x, x);
  }
};

dagrad::Value bend(dagrad::Operand x, double curvature) {
  return dagrad::apply(Bend{curvature}, {x});
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

int check(bool good, const char* what) {
  if (!good) std::printf("wrong: %s\n", what);
  return good ? 0 : 1;
}

}  // namespace

int main() {
  constexpr int n = 1000;
  std::vector<double> points(n);
  for (int i = 0; i < n; ++i) points[i] = std::sin(1.0 + i) * 3;
  const dagrad::Type type{dagrad::f64, {n}};

  dagrad::Graph graph;
  const auto x = graph.input("x", type);
  const auto y = bend(x, 0.3);
  const auto slope =
      dagrad::gradient(y, x, {.seed = graph.constant(dagrad::Tensor::full(type, 1.0))});
  const auto run = dagrad::compile({y, slope});
  const auto results = run({{x, dagrad::Tensor(type.shape, points)}});
  const std::span<const double> values = results[0].values<double>();
  const std::span<const double> slopes = results[1].values<double>();

  int wrong = 0;
  for (int i = 0; i < n; ++i) {
    const double expected = Bend{}(dagrad::Number<double>(points[i])).value();
    wrong += check(same_bits(values[i], expected), "value differs from the functor's own");
    const double expected_slope = points[i] > 0 ? 2 * 0.3 * points[i] + 1 : 1;
    wrong += check(std::abs(slopes[i] - expected_slope) < 1e-14, "slope");
  }

  bool caught = false;
  try {
    static_cast<void>(x + graph.input("z", {dagrad::f64, {3}}));
  } catch (const dagrad::ShapeError&) {
    caught = true;
  }
  wrong += check(caught, "shapes that do not fit are not a ShapeError");

  std::printf("dagrad %s: %s\n", dagrad::version(), wrong == 0 ? "good" : "WRONG");
  return wrong == 0 ? 0 : 1;
}
