#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace dagrad::detail {

inline constexpr std::uint32_t no_step = 0xffffffff;

/// Step `after` may start when `before` is done.
struct Dependency {
  std::uint32_t before, after;
};

/// The dependencies between steps, as flat arrays.
struct Topology {
  std::vector<std::uint32_t> first{0};     ///< beginning of each step's successors in `next`
  std::vector<std::uint32_t> next;         ///< the successors of all steps
  std::vector<std::int32_t> predecessors;  ///< number of predecessors of each step
  std::vector<std::uint32_t> roots;        ///< steps without predecessors

  std::uint32_t size() const { return static_cast<std::uint32_t>(predecessors.size()); }
  std::span<const std::uint32_t> successors(std::uint32_t step) const {
    return {next.data() + first[step], next.data() + first[step + 1]};
  }
};

/// Makes the topology of `steps` steps. A dependency that is given twice counts twice, on both
/// sides.
Topology make_topology(std::uint32_t steps, const std::vector<Dependency>& dependencies);

}  // namespace dagrad::detail
