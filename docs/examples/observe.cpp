// Examples: an observer that finds the node that produced the first NaN.
#include <dagrad/dagrad.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>

using namespace dagrad;

int main() {
  // [graph]
  Graph graph;
  const Value x = graph.input("x", {f64, {4}});
  const Value scaled = (2.0 * x).named("scaled");
  const Value logs = log(scaled).named("logs");
  const Value y = sum(tanh(logs + 1.0));
  // [/graph]

  // [observer]
  struct FirstNaN {
    std::mutex mutex;  // several threads may call the observer at once
    std::optional<std::uint32_t> node;
  };
  const auto first = std::make_shared<FirstNaN>();
  const auto observer = std::make_shared<Observer>();
  observer->finish = [first](const NodeEvent& event) {
    for (const View& result : event.out) {
      if (result.type.dtype != f64) continue;
      const auto values = result.as<double>();
      if (std::none_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }))
        continue;
      const std::lock_guard lock(first->mutex);  // operands have smaller ids than their users
      first->node = std::min(first->node.value_or(event.id), event.id);
    }
  };
  const Function f = compile({y}, {.observer = observer, .passes = {}});
  (void)f({{x, Tensor::of({1.0, 2.0, -0.5, 3.0})}});
  if (first->node) std::cout << "the first NaN is in '" << graph.node(*first->node).name() << "'\n";
  // [/observer]
  return first->node == logs.node_id() ? 0 : 1;
}
