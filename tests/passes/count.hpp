#pragma once

#include <cstddef>
#include <string_view>

#include "dagrad/graph.hpp"

namespace dagrad {

/// The number of nodes of an op.
inline std::size_t count(const Graph& graph, std::string_view op) {
  std::size_t n = 0;
  for (const Node& node : graph.nodes()) n += node.op().name() == op ? 1 : 0;
  return n;
}

}  // namespace dagrad
