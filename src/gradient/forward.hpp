#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/gradient/paths.hpp"
#include "src/gradient/sums.hpp"

namespace dagrad::detail {

/// The forward pass, which computes tangents. It walks the nodes between the xs and the ys in the
/// order in which they were made. The tangents of a node's results are what the `jvp` of its op
/// appends, or its gradient rule transposed: the rule is linear in the cotangents, so the gradient
/// of its results with respect to them, seeded with the tangents of the operands, is what is
/// wanted. It does not depend on the cotangents, for which zeros stand that are never computed.
class Forward {
 public:
  Forward(GraphData& graph, const Paths& paths, std::span<const Seeded> ys);

  /// Adds the tangent of the i-th x.
  void start(std::size_t i, const Value& tangent);
  void run();
  /// The tangent of the i-th y; zeros if it is zero.
  Value result(std::size_t i, const Value& y);

 private:
  MadeAs in_gradient_of(std::uint32_t node) {
    return {graph_, detail::in_gradient_of(graph_, node, paths_.order() + 1)};
  }
  bool any_live(std::size_t number) const;
  void differentiate(std::size_t number);
  Grads transposed(std::size_t number);
  Value checked(const Value& out, const Value& tangent) const;

  GraphData& graph_;
  GraphView view_;
  const Paths& paths_;
  Sums tangents_;
  std::vector<bool> live_;  ///< by slot: whether it leads to a y
  std::vector<Value> in_, outs_;
  std::vector<Gradient> dins_;
};

}  // namespace dagrad::detail
