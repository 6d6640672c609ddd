#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/graph/data.hpp"

namespace dagrad::detail {

/// What a pass must know about the nodes that some values need.
class NodeUses {
 public:
  NodeUses(const GraphData& graph, std::span<const std::uint32_t> nodes,
           std::span<const Value> values);
  /// How many operands and values are results of a node, those of which only the type is used left
  /// out.
  std::uint32_t count(std::uint32_t node) const { return uses_[node]; }
  /// Whether a node depends on constants alone.
  bool is_known(std::uint32_t node) const { return known_[node]; }

 private:
  std::vector<std::uint32_t> uses_;
  std::vector<bool> known_;
};

}  // namespace dagrad::detail
