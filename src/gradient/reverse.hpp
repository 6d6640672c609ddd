#pragma once

#include <cstdint>
#include <vector>

#include "src/gradient/paths.hpp"
#include "src/gradient/sums.hpp"

namespace dagrad::detail {

/// The gradient pass. It starts with the seeds as cotangents; `run` walks the nodes on a path from
/// an x in reverse order, sums the cotangents of each, and lets its op's rule append the cotangents
/// of its operands. Appended nodes belong to the gradient of the node whose rule is called, or to
/// that of `owner`, if there is one.
class Reverse {
 public:
  Reverse(GraphData& graph, const Paths& paths, int order, std::uint32_t owner = no_node)
      : graph_(graph),
        view_(graph),
        paths_(paths),
        cotangents_(graph, paths.slots()),
        order_(order),
        owner_(owner) {}

  /// Adds the seed of the i-th y, which defaults to one, as its first cotangent.
  void seed(std::size_t i, const Seeded& y);
  void run();
  /// The sum of the cotangents of the i-th x, which is `zero` if there are none.
  Gradient total(std::size_t i);
  /// The same as a value.
  Value result(std::size_t i, const Value& x);
  /// Adds to the graph which values are the derivatives with respect to which.
  void note_cotangents(std::span<const Seeded> ys, std::span<const Value> xs);

 private:
  /// While the result exists, appended nodes belong to the gradient of that node.
  MadeAs in_gradient_of(std::uint32_t node) {
    return {graph_, detail::in_gradient_of(graph_, owner_ == no_node ? node : owner_, order_)};
  }
  void differentiate(std::size_t number);

  GraphData& graph_;
  GraphView view_;
  const Paths& paths_;
  Sums cotangents_;
  int order_;
  std::uint32_t owner_;
  std::vector<Value> in_, outs_;  // arguments of the rule being called
  std::vector<Gradient> douts_;
  std::vector<bool> wanted_;
};

}  // namespace dagrad::detail
