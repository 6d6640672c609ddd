#pragma once

#include "src/graph/view.hpp"
#include "src/pictures/picture.hpp"

namespace dagrad::detail {

/// Throws ArgumentError if an overlay has an amount that it cannot show, or the theme has no
/// colours for it.
void check_overlay(const Overlay& overlay, const Theme& theme);

/// Gives the nodes of a picture the colours and texts of an overlay, and the picture its scale.
/// Nodes that are folded into an edge count with the first node that such an edge reaches.
void lay_over(Picture& picture, const GraphView& graph, const Overlay& overlay, const Theme& theme);

}  // namespace dagrad::detail
