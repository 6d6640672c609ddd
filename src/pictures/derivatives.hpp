#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "src/graph/view.hpp"

namespace dagrad::detail {

/// By node: "∂loss/∂w" for each gradient that was asked for, "∂²y/∂x²" if y is such a gradient
/// itself. Names with a scope are in parentheses, as in "∂loss/∂(hidden/w)".
std::map<std::uint32_t, std::string> derivatives_of(const GraphView& graph);

}  // namespace dagrad::detail
