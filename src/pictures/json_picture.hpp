#pragma once

#include <string>

#include "src/pictures/picture.hpp"

namespace dagrad::detail {

/// The picture of a graph as JSON; see `to_json`.
std::string json_of(const Graph& graph, const Picture& picture);

}  // namespace dagrad::detail
