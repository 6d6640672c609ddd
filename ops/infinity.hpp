#pragma once

#include <limits>

namespace dagrad {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace dagrad
