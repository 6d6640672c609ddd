// What dagrad is held to.
#include "tests/bench/table.hpp"

namespace dagrad::bench {

std::vector<Target> targets_of(const std::string& name) {
  constexpr const char *peers = "peers", *limit = "limit", *absolute = "an absolute figure",
                       *one_thread = "one thread", *first = "the first step of jax-jit";
  constexpr double twice = 1 / 1.7, alike = 1.03;  // what a second thread gives, or may cost
  static const std::vector<Target> all{
      {"xor", "called with feeds", "by hand", 2, 2},
      {"xor", "", "by hand", 1.2, 1.2},
      {"xor", "", first, 0.05, 0.05},
      {"chain", "", absolute, 0.02, 0.02},  // ms for 1,000 links
      {"chain", "", first, 0.05, 0.05},
      {"scalars", "", absolute, 0.015, 0.015},  // ms for 6,000 ops
      {"scalars", "", "casadi", 0.5, 0.5},
      {"scalars", "", "casadi-c", 1.05, 1.05},
      {"mlp_small", "", peers, 0.75, 0.4},
      {"mlp_small", "", limit, 1.06, 1.06},
      {"mlp_small", "", first, 0.1, 0.1},
      {"mlp", "", peers, 0.85, 0.7},
      {"mlp", "", limit, 1.06, 1.06},
      {"mlp", "", first, 0.1, 0.1},
      {"mlp_wide", "", peers, 0.95, 0.92},
      {"mlp_wide", "", limit, 1.06, 1.06},
      {"mlp_wide", "", one_thread, 0, twice},
      {"mlp_wide", "", first, 0.1, 0.1},
      {"lenet5", "", "before", alike, alike},
      {"lenet5", "", first, 0.05, 0.05},
      {"resnet18", "", "before", alike, alike},
      {"resnet18", "", first, 0.05, 0.05},
      {"nanogpt", "", peers, 0.75, 0.55},
      {"nanogpt", "", one_thread, 0, twice},
      {"nanogpt", "", first, 0.05, 0.05},
      {"gmm", "", peers, 0.2, 0.2},
      {"gmm", "", one_thread, 0, twice},
      {"gmm", "", first, 0.05, 0.05},
      {"lstm", "", peers, 0.1, 0.1},
      {"lstm", "", first, 0.05, 0.05},
      {"elementwise", "*", "copying x", 1.1, 1.1},
      {"softmax", "*", peers, 1, 1},
      {"layer_norm", "*", peers, 1, 1},
      {"batch_norm", "*", peers, 1, 1},
      {"topk", "*", peers, 1, 1},
      {"sort", "*", peers, 1, 1},
      {"cumsum", "*", peers, 1, 1},
      {"take", "*", peers, 1, 1},
      {"scatter_add", "*", peers, 1, 1},
      {"max_pool", "*", peers, 1, 1},
      {"jacobians", "*", "casadi", 1, 1},
      {"jacobians", "*", "the first step of casadi", 1, 1},
      {"jacobians", "*", "casadi-mx", 1, 1},
      {"jacobians", "*", "the first step of casadi-mx", 1, 1},
      {"tangents", "*", absolute, 1.3, 1.3},
      {"colorings", "*", "Boost", 1, 0},
      {"batching", "*", "loop", 1, 1},
      {"gemm", "*", "OpenBLAS", 1.05, 0},
      {"nodes", "build a node", absolute, 0.2, 0},
      {"nodes", "gradient a node", absolute, 0.3, 0},
      {"nodes", "compile a node", absolute, 0.12, 0},
      {"nodes", "optimize a node", absolute, 2, 0},
      {"nodes", "all passes a node", absolute, 2, 0},
      {"nodes", "fuse and assemble", absolute, 1, 0},  // s for 10,000 groups
      {"nodes", "n=1000000", absolute, 1.5, 0},        // of the time per node for n=100000
      {"schedule", "bodies of 1 us", absolute, 0, 1 / 0.97}};
  std::vector<Target> chosen;
  bool scales = false;
  for (const Target& target : all) {
    if (target.name != name) continue;
    chosen.push_back(target);
    scales = scales || target.against == one_thread;
  }
  const bool on_both = !chosen.empty() && chosen[0].one > 0 && chosen[0].two > 0;
  if (on_both && !scales) chosen.push_back({name, "*", one_thread, 0, alike});
  return chosen;
}

}  // namespace dagrad::bench
