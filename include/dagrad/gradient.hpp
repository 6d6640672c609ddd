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
  /// Cotangent of y, of the same type. Defaults to 1 if y is a scalar.
  Value seed = {};
  Unconnected unconnected = Unconnected::error;
};

/// One of several ys and its cotangent, which defaults to 1 if y is a scalar.
struct Seeded {
  Value y;
  Value seed = {};
};

/// The ys to differentiate: one value or several, each with a seed if you like, as in
/// `{{y1, seed1}, {y2, seed2}}`. Several ys are differentiated as the sum of seed·y over all.
class Targets {
 public:
  Targets(const Value& y);
  Targets(std::initializer_list<Value> ys);
  Targets(std::initializer_list<Seeded> ys);
  Targets(std::span<const Value> ys);
  Targets(std::span<const Seeded> ys);
  /// A vector or an array of values or of `Seeded`.
  template <class Range>
  requires std::convertible_to<const Range&, std::span<const Value>> Targets(const Range& ys)
      : Targets(std::span<const Value>(ys)) {}
  template <class Range>
  requires std::convertible_to<const Range&, std::span<const Seeded>> Targets(const Range& ys)
      : Targets(std::span<const Seeded>(ys)) {}

  std::span<const Seeded> ys() const { return ys_; }

 private:
  std::vector<Seeded> ys_;
};

/// Appends nodes that compute ∂y/∂x for each x by reverse accumulation, and returns one gradient
/// for each x, of the type of that x. They are ordinary nodes, which can be differentiated again.
///
/// Throws GradientError if a y or an x is not a float, if a y is not a scalar and has no seed, if a
/// seed's type is not that of its y, if no y depends on an x (unless `unconnected` is `zeros`), or
/// if a gradient that is needed does not exist; GraphError if the values belong to several graphs;
/// ArgumentError if there is no y, or if the options have a seed although there are several ys or
/// the only one has its own. If it throws, it appends nothing.
std::vector<Value> gradient(const Targets& ys, std::span<const Value> xs,
                            const GradientOptions& options = {}, Location where = Location::here());
std::vector<Value> gradient(const Targets& ys, std::initializer_list<Value> xs,
                            const GradientOptions& options = {}, Location where = Location::here());
Value gradient(const Targets& ys, const Value& x, const GradientOptions& options = {},
               Location where = Location::here());

}  // namespace dagrad
