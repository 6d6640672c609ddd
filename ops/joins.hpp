#pragma once

#include <cstdint>
#include <span>

#include "dagrad/shape.hpp"

namespace dagrad {

/// Where `stack` puts the new axis of values of these types. Throws ArgumentError for none,
/// TypeError where dtypes differ, ShapeError where shapes do and for an axis outside the result's
/// rank.
int stacked_axis(std::span<const Type> types, std::int64_t axis);

}  // namespace dagrad
