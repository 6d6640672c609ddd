// What dagrad is held to.
#include <algorithm>
#include <set>

#include "tests/bench/table.hpp"

namespace dagrad::bench {

std::vector<Target> targets_of(const std::string& name) {
  using namespace against;
  const std::string first = std::string(first_step) + "jax-jit";
  constexpr double twice = 1 / 1.7, alike = 1.03;  // what a second thread gives, or may cost
  static const std::vector<Target> all{
      {"xor", "called with feeds", "by hand", 2, 2},
      {"xor", "", "by hand", 1.2, 1.2},
      {"xor", "", first, 0.05, 0.05},
      {"chain", "", figure, 0.02, 0.02},  // ms for 1,000 links
      {"chain", "", first, 0.05, 0.05},
      {"scalars", "", figure, 0.015, 0.015},  // ms for 6,000 ops
      {"scalars", "", "casadi", 0.5, 0.5},
      {"scalars", "", "casadi-c", 1.05, 1.05},
      {"mlp_small", "", best_peer, 0.75, 0.4},
      {"mlp_small", "", "limit", 1.06, 1.06},
      {"mlp_small", "", "two copies", 0, 0},
      {"mlp_small", "", first, 0.1, 0.1},
      {"mlp", "", best_peer, 0.85, 0.7},
      {"mlp", "", "limit", 1.06, 1.06},
      {"mlp", "", "two copies", 0, 0},
      {"mlp", "", first, 0.1, 0.1},
      {"mlp_wide", "", best_peer, 0.95, 0.92},
      {"mlp_wide", "", "limit", 1.06, 1.06},
      {"mlp_wide", "", "two copies", 0, 0},
      {"mlp_wide", "", one_thread, 0, twice},
      {"mlp_wide", "", first, 0.1, 0.1},
      {"lenet5", "", "before", alike, alike},
      {"lenet5", "", first, 0.05, 0.05},
      {"resnet18", "", "before", alike, alike},
      {"resnet18", "", first, 0.05, 0.05},
      {"nanogpt", "", best_peer, 0.75, 0.55},
      {"nanogpt", "", one_thread, 0, twice},
      {"nanogpt", "", first, 0.05, 0.05},
      {"gmm", "", best_peer, 0.2, 0.2},
      {"gmm", "", one_thread, 0, twice},
      {"gmm", "", first, 0.05, 0.05},
      {"lstm", "", best_peer, 0.1, 0.1},
      {"lstm", "", first, 0.05, 0.05},
      {"elementwise", "*", "copying x", 1.1, 1.1},
      {"elementwise", "*", "by hand", 0, 0},
      {"softmax", "*", best_peer, 1, 1},
      {"layer_norm", "*", best_peer, 1, 1},
      {"batch_norm", "*", best_peer, 1, 1},
      {"topk", "*", best_peer, 1, 1},
      {"sort", "*", best_peer, 1, 1},
      {"cumsum", "*", best_peer, 1, 1},
      {"take", "*", best_peer, 1, 1},
      {"scatter_add", "*", best_peer, 1, 1},
      {"max_pool", "*", best_peer, 1, 1},
      {"jacobians", "*", "casadi", 1, 1},
      {"jacobians", "*", std::string(first_step) + "casadi", 1, 1},
      {"jacobians", "*", "casadi-mx", 1, 1},
      {"jacobians", "*", std::string(first_step) + "casadi-mx", 1, 1},
      {"tangents", "*", figure, 1.3, 1.3},
      {"colorings", "*", "Boost", 1, 0},
      {"batching", "*", "loop", 1, 1},
      {"gemm", "*", "OpenBLAS", 1.05, 1.05},
      {"nodes", "build a node", figure, 0.2, 0.2},
      {"nodes", "gradient a node", figure, 0.3, 0.3},
      {"nodes", "compile a node", figure, 0.12, 0.12},
      {"nodes", "optimize a node", figure, 2, 2},
      {"nodes", "all passes a node", figure, 2, 2},
      {"nodes", "fuse and assemble", figure, 1, 1},  // s for 10,000 different groups
      {"nodes", "n=1000000", figure, 1.5, 1.5},      // of the time per node for n=100000
      {"schedule", "empty nodes on several threads", figure, 0, alike},
      {"schedule", "bodies of 1 us", figure, 0, 1 / 0.97},
      {"schedule", "bodies of 1 us", "taskflow", 0, 0},
      {"loops", "five ops", "by hand", 1.1, 1.1},
      {"loops", "five ops", "the library's ops", alike, alike}};
  std::vector<Target> chosen;
  for (const Target& target : all)
    if (target.name == name) chosen.push_back(target);
  if (chosen.empty()) return {};
  const auto has = [&](const char* system) {
    return std::any_of(chosen.begin(), chosen.end(),
                       [&](const Target& target) { return target.against == system; });
  };
  // These use one thread only, or compare themselves.
  static const std::set<std::string> others{"colorings", "loops", "nodes", "schedule", "tangents"};
  if (!others.contains(name) && !has(one_thread))
    chosen.push_back({name, "*", one_thread, 0, alike});
  chosen.push_back({name, "*", best_peer, 0, 0});
  chosen.push_back({name, "*", "before", 0, 0});
  return chosen;
}

}  // namespace dagrad::bench
