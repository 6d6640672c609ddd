// expect: AdamOptions
#include <dagrad/dagrad.hpp>

// A counter that nobody advances would leave Adam at its first step: the option takes its update.
auto train(dagrad::Graph& graph, const dagrad::Value& w, const dagrad::Value& slope) {
  const dagrad::Advancing counter = dagrad::step_counter(graph);
  return dagrad::adam(w, slope, 0.1, {.step = counter.now});
}
