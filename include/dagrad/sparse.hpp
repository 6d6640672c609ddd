#pragma once

#include "dagrad/derivatives.hpp"
#include "dagrad/pattern.hpp"

namespace dagrad {

/// Where the Jacobian of the ys with respect to the xs may differ from zero. Its rows are the
/// elements of all ys, one after the other in row-major order, and its columns those of all xs. No
/// entry is missing; how many there are too many depends on the ops on the way, which tell how
/// their results depend on their operands in their member `pattern`. Appends nothing.
///
/// Throws GradientError if a y or an x is not a float, or if a y or an x is not connected to any of
/// the others (unless `unconnected` is `zeros`); GraphError if the values belong to several graphs;
/// ArgumentError if there is no y or no x, if there are 2^31 rows or columns or more, or if a value
/// on the way depends on the xs in more than 2^30 ways.
SparsityPattern jacobian_pattern(ValueSpan ys, ValueSpan xs,
                                 Unconnected unconnected = Unconnected::error,
                                 Location where = Location::here());

/// The same for the Hessian of a scalar y, found in a copy of the graph to which the gradient is
/// appended. It is symmetric.
SparsityPattern hessian_pattern(const Value& y, ValueSpan xs,
                                Unconnected unconnected = Unconnected::error,
                                Location where = Location::here());

}  // namespace dagrad
