#pragma once

#include <cstdint>
#include <vector>

#include "dagrad/ops/reduce.hpp"

/// What the gradient rules of standardisations are made of.
namespace dagrad {

/// The shape of the last axes of x. Throws ShapeError if others are to be normalised.
Shape row_shape(const OverAxes& over, const Shape& x);

/// The gradients of `out` = standardize_gradient(d, y, r), for a cotangent h, with respect to y and
/// to r.
Value slope_to_standardized(const Value& h, const Value& d, const Value& y, const Value& r,
                            const std::vector<std::int64_t>& axes);
Value slope_to_reciprocal(const Value& h, const Value& out, const Value& r,
                          const std::vector<std::int64_t>& axes);
/// The gradient of the reciprocal deviation r of x, standardised y, for a cotangent h.
Value slope_of_reciprocal(const Value& h, const Value& x, const Value& y, const Value& r,
                          const std::vector<std::int64_t>& axes);

}  // namespace dagrad
