#pragma once

#include <concepts>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad {

/// What `gradient` does about an x that y does not depend on: throw, or return zeros.
enum class Unconnected { error, zeros };

struct GradientOptions {
  /// The cotangent of y, of its type. A scalar y needs none: its cotangent is then 1.
  Value seed = {};
  Unconnected unconnected = Unconnected::error;
};

/// One of several ys, with its cotangent; a scalar needs none, and gets 1.
struct Seeded {
  Value y;
  Value seed = {};
};

/// What is differentiated: one value or several, each alone or with its seed, as
/// `{{y1, seed1}, {y2, seed2}}`. Several are differentiated as the sum of seed·y over all of them.
class Targets {
 public:
  Targets(const Value& y) : ys_{{y}} {}
  Targets(std::initializer_list<Value> ys) : Targets(std::span(ys.begin(), ys.size())) {}
  Targets(std::initializer_list<Seeded> ys) : ys_(ys) {}
  /// A vector, an array or a span of values or of `Seeded`.
  template <class Range>
  requires std::convertible_to<const Range&, std::span<const Value>> Targets(const Range& ys) {
    for (const Value& y : std::span<const Value>(ys)) ys_.push_back({y});
  }
  template <class Range>
  requires std::convertible_to<const Range&, std::span<const Seeded>> Targets(const Range& ys) {
    const std::span<const Seeded> all(ys);
    ys_.assign(all.begin(), all.end());
  }

  std::span<const Seeded> ys() const { return ys_; }

 private:
  std::vector<Seeded> ys_;
};

/// Appends the nodes that compute ∂y/∂x for each x, by reverse accumulation: every node on a path
/// from an x to y gets its cotangents in one sum, then its op's rule. The result is a graph like
/// any other. Appends nothing when it throws. One x gives a value, a list of them a vector, and
/// both take one y or several.
///
/// Throws GradientError where a y is not a float, or not a scalar and without a seed; where an x is
/// not a float, or not connected (unless zeros are asked for); and where a gradient that is asked
/// for does not exist. Throws GraphError for values of several graphs, and ArgumentError without a
/// y, or for a seed in the options beside several ys or one that has a seed.
std::vector<Value> gradient(const Targets& ys, std::span<const Value> xs,
                            const GradientOptions& options = {}, Location where = Location::here());
std::vector<Value> gradient(const Targets& ys, std::initializer_list<Value> xs,
                            const GradientOptions& options = {}, Location where = Location::here());
Value gradient(const Targets& ys, const Value& x, const GradientOptions& options = {},
               Location where = Location::here());

}  // namespace dagrad
