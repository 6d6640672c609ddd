#pragma once

#include <string>

#include "src/pictures/equations.hpp"
#include "src/pictures/picture.hpp"

namespace dagrad::detail {

/// Writes what a viewer shows when you point at a node or an edge: plain text of several
/// lines.
class Tooltips {
 public:
  Tooltips(const Graph& graph, const Picture& picture);

  /// The name, and for each node of the graph up to eight: op, attributes, types, formula and
  /// source line. Of a block, the number of its nodes and parameters.
  std::string node(const DrawnNode& node) const;
  std::string cluster(const DrawnCluster& cluster) const;
  /// The names of both ends, the type of the value, and what is folded.
  std::string edge(const DrawnEdge& edge) const;

 private:
  std::string member(std::uint32_t id) const;

  GraphView view_;
  const Picture& picture_;
  WrittenEquations equations_;
};

/// The address of a node according to `PictureOptions::link`; empty if the node lacks what it
/// needs.
std::string link_of(const GraphView& graph, std::uint32_t node, std::string_view pattern);

}  // namespace dagrad::detail
