#pragma once

#include <vector>

#include "src/pictures/picture.hpp"

namespace dagrad::detail {

/// The kinds of nodes and edges that occur, in the order of the enumeration.
std::vector<LegendEntry> legend_of(const Picture& picture);

}  // namespace dagrad::detail
