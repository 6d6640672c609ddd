#include "src/exec/topology.hpp"

#include <cstddef>

namespace dagrad::detail {

Topology make_topology(std::uint32_t steps, const std::vector<Dependency>& dependencies) {
  Topology t;
  t.first.assign(std::size_t{steps} + 1, 0);
  t.next.resize(dependencies.size());
  t.predecessors.assign(steps, 0);
  for (const Dependency& d : dependencies) {
    ++t.first[d.before + 1];
    ++t.predecessors[d.after];
  }
  for (std::uint32_t s = 0; s < steps; ++s) {
    t.first[s + 1] += t.first[s];
    if (t.predecessors[s] == 0) t.roots.push_back(s);
  }
  std::vector<std::uint32_t> end(t.first.begin(), t.first.end() - 1);
  for (const Dependency& d : dependencies) t.next[end[d.before]++] = d.after;
  return t;
}

}  // namespace dagrad::detail
