// What a node costs in resident memory: to build, to differentiate, to clone and to compile.
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "dagrad/dagrad.hpp"
#include "tests/bench/bench.hpp"

namespace dagrad::bench {

namespace {

/// Bytes of this process that are in memory.
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

/// Every node reads the one before.
Value chain(const Value& x, int nodes) {
  Value y = x;
  for (int i = 0; i < nodes; ++i) y = tanh(y);
  return y;
}

/// Every node reads the one before and a constant that all share.
Value with_constant(const Value& x, int nodes) {
  Value y = x;
  for (int i = 0; i < nodes; ++i) y = y * 1.001;
  return y;
}

/// Prints by how much resident memory grows, a node, with each thing that is made of a graph.
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
  const Function f = compile({y, dx}, {.threads = 1});
  grown("compile", f.nodes());
  const Rewritten copy = clone(graph);
  grown("clone", copy.graph.size());
}

}  // namespace

void memory(const Settings& settings) {
  for (const Form& form : {Form{"chain", chain}, Form{"with a constant", with_constant}}) {
    // A process each: memory that was freed before and is still resident would not be seen to grow.
    malloc_trim(0);
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("memory: cannot fork");
    if (child == 0) {
      measure_memory(settings, form);
      _exit(0);
    }
    int status = 0;
    if (waitpid(child, &status, 0) < 0 || status != 0)
      throw std::runtime_error("memory: a measurement failed");
  }
}

}  // namespace dagrad::bench
