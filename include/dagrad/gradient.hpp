#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad {

/// What `gradient` does about an x that y does not depend on: throw, or return zeros.
enum class Unconnected { error, zeros };

struct GradientOptions {
  /// Cotangent of y, of the same type. Defaults to 1 if y is a scalar.
  Value seed = {};
  Unconnected unconnected = Unconnected::error;
};

/// Appends nodes that compute ∂y/∂x for each x by reverse accumulation, and returns one gradient
/// for each x, of the type of that x. They are ordinary nodes, which can be differentiated again.
/// Throws GradientError if y or an x is not a float, if y is not a scalar and there is no seed, if
/// the seed's type is not that of y, if y does not depend on an x (unless `unconnected` is
/// `zeros`), or if a gradient that is needed does not exist; GraphError if the values belong to
/// several graphs. If it throws, it appends nothing.
std::vector<Value> gradient(const Value& y, std::span<const Value> xs,
                            const GradientOptions& options = {});
std::vector<Value> gradient(const Value& y, std::initializer_list<Value> xs,
                            const GradientOptions& options = {});
Value gradient(const Value& y, const Value& x, const GradientOptions& options = {});

/// One of several ys and its cotangent, which defaults to 1 if y is a scalar.
struct Seeded {
  Value y;
  Value seed = {};
};
/// Gradients of the sum of seed·y over all ys. Throws as above, and ArgumentError if there is no y.
std::vector<Value> gradient(std::span<const Seeded> ys, std::span<const Value> xs,
                            Unconnected unconnected = Unconnected::error);

}  // namespace dagrad
