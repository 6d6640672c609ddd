#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/graph/view.hpp"
#include "src/pictures/picture.hpp"

namespace dagrad::detail {

/// Which nodes of a graph a picture shows, and in which part each of them is. All tables are by
/// node.
struct ShownNodes {
  std::vector<bool> drawn;
  std::vector<bool> fetched;
  /// A fetch, a gradient that was asked for, or the next value of a parameter.
  std::vector<bool> kept;
  std::vector<Part> part;
  std::vector<std::uint16_t> order;  ///< of the gradient that it is drawn in
  /// "∂loss/∂w" for the gradients that were asked for.
  std::map<std::uint32_t, std::string> derivatives;
  /// The nodes that are next values of parameters, and these.
  std::map<std::uint32_t, std::uint32_t> next_of;
};

/// Throws GraphError if a value in the options belongs to another graph.
ShownNodes selection_of(const Graph& graph, const PictureOptions& options);

}  // namespace dagrad::detail
