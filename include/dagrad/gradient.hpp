#pragma once

#include <initializer_list>
#include <span>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad {

/// What an x gets that y does not depend on.
enum class Unconnected { error, zeros };

struct GradientOptions {
  /// Cotangent of y, of its type; ones where y is a scalar and none is given.
  Value seed = {};
  Unconnected unconnected = Unconnected::error;
};

/// Appends the nodes that compute ∂y/∂x for each x, by reverse accumulation: every node on a path
/// from an x to y gets its cotangents in one sum, then its op's rule. The result is a graph like
/// any other. Appends nothing when it throws. Throws GradientError where y is no float, no scalar
/// and has no seed, an x is no float, is not connected (unless zeros are asked for), or a gradient
/// that is asked for does not exist.
std::vector<Value> gradient(const Value& y, std::span<const Value> xs,
                            const GradientOptions& options = {});
std::vector<Value> gradient(const Value& y, std::initializer_list<Value> xs,
                            const GradientOptions& options = {});
Value gradient(const Value& y, const Value& x, const GradientOptions& options = {});

/// One of several ys, with its cotangent; without one it must be a scalar, and gets 1.
struct Seeded {
  Value y;
  Value seed = {};
};
/// Of the sum of seed·y over all ys.
std::vector<Value> gradient(std::span<const Seeded> ys, std::span<const Value> xs,
                            Unconnected unconnected = Unconnected::error);

}  // namespace dagrad
