// The time for assembling many different loops, and routines of many scalar ops.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/bench/bench.hpp"
#include "tests/bench/formula.hpp"

namespace dagrad::bench {

namespace {

constexpr int groups = 10'000;

Value one_of_seven(int kind, const Value& y, const Value& x) {
  switch (kind) {
    case 0:
      return y + x;
    case 1:
      return y * x;
    case 2:
      return y - x;
    case 3:
      return maximum(y, x);
    case 4:
      return minimum(y, x);
    case 5:
      return x - y;
    default:
      return x / y;
  }
}

/// Groups of six ops, no two of which have the same structure: their digits to the base 7 differ.
std::vector<Value> different_groups(Graph& graph) {
  std::vector<Value> results;
  for (int group = 0; group < groups; ++group) {
    const Value x = graph.input("x" + std::to_string(group), {f32, {256}});
    Value y = tanh(x);
    for (int digits = group, left = 5; left > 0; --left, digits /= 7)
      y = one_of_seven(digits % 7, y, x);
    results.push_back(y);
  }
  return results;
}

void many_groups(const Settings& settings) {
  double fusing = 1e9, compiling = 1e9;
  for (int round = 0; round < 3; ++round) {
    Graph graph;
    const std::vector<Value> results = different_groups(graph);
    const double begin = now();
    const Optimized better = optimize(graph, results, compile_passes());
    const double fused = now();
    Runtime runtime({.threads = 1});  // with an empty code cache
    const double ready = now();
    const Function f = compile(better.mapping(results), {.runtime = &runtime, .passes = {}});
    compiling = std::min(compiling, now() - ready);
    fusing = std::min(fusing, fused - begin);
    const Runtime::CodeCache cache = runtime.code_cache();
    if (cache.assembled + cache.interpreted < groups)
      throw std::runtime_error("some groups have the same loop");
  }
  print(settings, "nodes", "passes for one of 10000 different groups", "us", 1e6 * fusing / groups);
  print(settings, "nodes", "compile and assemble one of them", "us", 1e6 * compiling / groups);
  print(settings, "nodes", "fuse and assemble all of them", "s", fusing + compiling);
}

/// The memory of this process that holds code but no file.
double assembled_bytes() {
  std::ifstream maps("/proc/self/maps");
  double bytes = 0;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::string range, rights, offset, device, inode, path;
    words >> range >> rights >> offset >> device >> inode >> path;
    if (rights.find('x') == std::string::npos || !path.empty()) continue;
    const std::size_t dash = range.find('-');
    bytes += static_cast<double>(std::stoull(range.substr(dash + 1), nullptr, 16) -
                                 std::stoull(range.substr(0, dash), nullptr, 16));
  }
  return bytes;
}

/// Routines for the value and the gradient of a formula.
void long_routine(const Settings& settings, int terms) {
  const double ops = static_cast<double>(terms) * ops_of_term;
  Graph graph;
  const Formula f = make_formula(graph, terms);
  std::vector<Value> fetches = gradient(f.y, f.xs);
  fetches.push_back(f.y);
  double assembling = 1e9, code = 0, step = 0;
  for (int round = 0; round < 3; ++round) {
    const Function function = compile(fetches, {.threads = 1});
    const double before = assembled_bytes(), begin = now();
    BoundRun run = function.bind();
    assembling = std::min(assembling, now() - begin);
    code = assembled_bytes() - before;
    for (std::size_t i = 0; i < f.xs.size(); ++i) run.feed(f.xs[i], Tensor(f.at[i]));
    step = fastest(20, 1, [&] { run(); });
  }
  const std::string of =
      " an op of a formula and its gradient, " + std::to_string(terms * ops_of_term) + " ops";
  print(settings, "nodes", "assemble" + of, "us", 1e6 * assembling / ops);
  print(settings, "nodes", "code of" + of, "bytes", code / ops);
  print(settings, "nodes", "run" + of, "ns", 1e9 * step / ops);
}

}  // namespace

void assembling(const Settings& settings) {
  many_groups(settings);
  for (const int terms : {5, 50, 500}) long_routine(settings, terms);
}

}  // namespace dagrad::bench
