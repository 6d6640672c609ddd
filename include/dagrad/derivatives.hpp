#pragma once

#include <vector>

#include "dagrad/gradient.hpp"

/// Derivatives other than gradients. Each function appends nodes to the graph of its arguments, as
/// `gradient` does: they can be differentiated again, and the three states of a gradient (zero, not
/// connected, not differentiable) and its errors are the same. If a function throws, it appends
/// nothing.
namespace dagrad {

/// y and its gradients for each x, in this order: what `compile` takes to compute both at once.
std::vector<Value> value_and_gradient(const Value& y, ValueSpan xs,
                                      Unconnected unconnected = Unconnected::error,
                                      Location where = Location::here());

/// Vector-Jacobian products: for each x, the sum over all ys of doutᵀ · ∂y/∂x, of the type of x.
/// `douts` are the cotangents of the ys.
///
/// Throws as `gradient` does, and ArgumentError unless there is one cotangent for each y.
Value vjp(const Value& y, const Value& x, const Value& dout,
          Unconnected unconnected = Unconnected::error, Location where = Location::here());
std::vector<Value> vjp(ValueSpan ys, ValueSpan xs, ValueSpan douts,
                       Unconnected unconnected = Unconnected::error,
                       Location where = Location::here());

/// Jacobian-vector products: for each y, the sum over all xs of ∂y/∂x · tangent, of the type of y:
/// the change of y per unit of change of the xs along their tangents. Takes one pass from the xs to
/// the ys, and so costs about as much as one gradient, for any number of ys.
///
/// Throws GradientError if a y or an x is not a float, if a tangent's type is not that of its x, if
/// a y depends on no x (unless `unconnected` is `zeros`), or if a derivative that is needed does
/// not exist; GraphError if the values belong to several graphs; ArgumentError if there is no y or
/// no x, or unless there is one tangent for each x.
Value jvp(const Value& y, const Value& x, const Value& tangent,
          Unconnected unconnected = Unconnected::error, Location where = Location::here());
std::vector<Value> jvp(ValueSpan ys, ValueSpan xs, ValueSpan tangents,
                       Unconnected unconnected = Unconnected::error,
                       Location where = Location::here());

/// Hessian-vector products of a scalar y: for each x, the sum over all xs x' of ∂²y/∂x∂x' ·
/// direction', of the type of x. The Hessian itself is not computed. Zeros where y is linear.
///
/// Throws as `gradient` and `jvp` do.
Value hvp(const Value& y, const Value& x, const Value& direction,
          Unconnected unconnected = Unconnected::error, Location where = Location::here());
std::vector<Value> hvp(const Value& y, ValueSpan xs, ValueSpan directions,
                       Unconnected unconnected = Unconnected::error,
                       Location where = Location::here());

}  // namespace dagrad
