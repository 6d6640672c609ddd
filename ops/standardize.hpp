#pragma once

#include <cstddef>
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

/// The gradients of x that come from the results of `Standardize`, of which the elements are result
/// `first` of the node.
std::vector<Value> slopes_of_standardized(const GradContext& g, std::size_t first,
                                          const std::vector<std::int64_t>& axes, bool centred);
/// The gradient rule of an op with the operands d, y, r and scale, and the results
/// standardize_gradient(d * scale, y, r) and the sums of d * y and of d to the shape of the scale.
Grads slopes_of_normalized(const GradContext& g, const std::vector<std::int64_t>& axes,
                           bool centred);

}  // namespace dagrad
