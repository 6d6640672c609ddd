// The resident memory per node for building, differentiating, cloning and compiling a graph, and
// per parameter of a State.
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>
#include <string>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

/// Resident memory of this process in bytes.
double resident() {
  std::ifstream statm("/proc/self/statm");
  double all = 0, pages = 0;
  statm >> all >> pages;
  return pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

struct Form {
  std::string name;
  Value (*build)(const Value& x, int nodes);
};

/// A chain in which every node uses the one before.
Value chain(const Value& x, int nodes) {
  Value y = x;
  for (int i = 0; i < nodes; ++i) y = tanh(y);
  return y;
}

/// A chain in which every node uses the one before and a shared constant.
Value with_constant(const Value& x, int nodes) {
  Value y = x;
  for (int i = 0; i < nodes; ++i) y = y * 1.001;
  return y;
}

/// Prints the growth of resident memory per node for each thing made from a graph.
void measure_memory(const Settings& settings, const Form& form) {
  constexpr int nodes = 1'000'000;
  double before = resident();
  const auto grown = [&](const std::string& what, std::size_t made) {
    const double after = resident();
    print(settings, "memory", what + " a node, " + form.name, "bytes",
          (after - before) / static_cast<double>(made));
    before = resident();
  };
  Graph graph;
  const Value x = graph.input("x", {f64, {3}});
  const Value y = form.build(x, nodes);
  grown("build", graph.size());
  const std::size_t built = graph.size();
  const Value dx = gradient(y, x, {.seed = x});
  grown("gradient", graph.size() - built);
  const Function f = compile({y, dx}, {.threads = 1, .passes = {}});
  grown("compile", f.nodes());
  const Rewritten copy = clone(graph);
  grown("clone", copy.graph.size());
}

/// The same per parameter of a State, without the data, which the State shares with the graph.
void measure_state(const Settings& settings) {
  constexpr int parameters = 100'000;
  Graph graph;
  for (int i = 0; i < parameters; ++i)
    graph.parameter("layer" + std::to_string(i) + "/w", Tensor(1.0));
  const double before = resident();
  const State state(graph);
  print(settings, "memory", "State a parameter", "bytes", (resident() - before) / parameters);
}

/// Measures in a separate process, because memory that is still resident after being freed would
/// hide growth.
template <class Measure>
void in_child(const Measure& measure) {
  malloc_trim(0);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("memory: cannot fork");
  if (child == 0) {
    measure();
    _exit(0);
  }
  int status = 0;
  if (waitpid(child, &status, 0) < 0 || status != 0)
    throw std::runtime_error("memory: a measurement failed");
}

}  // namespace

void memory(const Settings& settings) {
  for (const Form& form : {Form{"chain", chain}, Form{"with a constant", with_constant}})
    in_child([&] { measure_memory(settings, form); });
  in_child([&] { measure_state(settings); });
}

}  // namespace dagrad::bench
