#pragma once

#include "src/pictures/picture.hpp"

namespace dagrad::detail {

/// The colours that a theme has for a part, and for a node.
const Paint& paint_of(Part part, const Theme& theme);
const Paint& paint_of(const DrawnNode& node, const Theme& theme);

}  // namespace dagrad::detail
