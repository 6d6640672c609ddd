#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/graph/view.hpp"
#include "src/pictures/selection.hpp"

namespace dagrad::detail {

/// How a node of the graph appears in a picture.
enum class Role : std::uint8_t {
  node,      ///< by itself, or as part of an equation or a block
  number,    ///< written in the nodes that use it
  constant,  ///< drawn for each use
  passage,   ///< a change of shape, which is part of an edge
  absent,    ///< left out
};

/// By node.
std::vector<Role> roles_of(const Graph& graph, const ShownNodes& selection,
                           const PictureOptions& options);
/// What a node with the role `number` is written as: "0.5", in the shortest decimal form.
std::string number_text(const GraphView& graph, std::uint32_t node);
/// Whether a passage sums.
bool sums(const GraphView& graph, std::uint32_t node);

}  // namespace dagrad::detail
