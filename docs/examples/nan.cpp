// Examples: where a NaN comes from.
#include <dagrad/dagrad.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <limits>
#include <memory>

using namespace dagrad;

namespace {

// [ranges]
template <class T>
void print_range(std::string_view node, std::span<const T> values) {
  T least = std::numeric_limits<T>::infinity(), most = -least;
  std::size_t finite = 0;
  for (const T value : values) {
    if (!std::isfinite(value)) continue;
    ++finite;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  std::cout << node << ": ";
  if (finite > 0) std::cout << "from " << least << " to " << most << ", ";
  std::cout << values.size() - finite << " of " << values.size() << " not finite\n";
}

/// Prints the range of every float result when its node has finished.
std::shared_ptr<const Observer> range_printer() {
  const auto observer = std::make_shared<Observer>();
  observer->finish = [](const NodeEvent& event) {
    for (const View& result : event.out) {
      if (result.type.dtype == f32) print_range(event.node, result.as<float>());
      if (result.type.dtype == f64) print_range(event.node, result.as<double>());
    }
  };
  return observer;
}
// [/ranges]

}  // namespace

int main() {
  // [model]
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value w = graph.parameter("w", Tensor::of({1.0, 1.0, 1.0}));
  const Value target = graph.constant(Tensor::of({0.0, 1.0, 0.0}));

  const Value logits = (x * w).named("logits");
  const Value odds = exp(logits).named("odds");
  const Value loss = -sum(target * log(odds / sum(odds)));
  // [/model]
  const Tensor batch = Tensor::of({12.0, 3.0, 800.0});

  // [nan]
  const auto update = sgd(w, gradient(loss, w), 0.1);
  State state(graph);
  std::cout << "loss " << compile(loss)(state, batch)[0] << "\n\n";
  // [/nan]

  // [check]
  const Function train = compile(loss, {.update = update, .check_finite = true});
  try {
    train(state, batch);
  } catch (const RunError& error) {
    std::cout << error.what() << "\n\n";
  }
  // [/check]
  const bool unchanged = same_bits(state.get(w), w.node().tensor());

  // [observe]
  // One thread, so that the lines come in order.
  const Function watched = compile(loss, {.threads = 1, .observer = range_printer(), .passes = {}});
  watched(state, batch);
  // [/observe]

  // [cure]
  const Value stable = -sum(target * log_softmax(logits));
  const Function cured =
      compile(stable, {.update = sgd(w, gradient(stable, w), 0.1), .check_finite = true});
  std::cout << "\nloss " << cured(state, batch)[0] << "\n";
  // [/cure]
  return unchanged ? 0 : 1;
}
