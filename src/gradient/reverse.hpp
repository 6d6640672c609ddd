#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/gradient/paths.hpp"

namespace dagrad::detail {

/// The gradient pass. It starts with the seeds as cotangents; `run` walks the nodes on a path from
/// an x in reverse order, sums the cotangents of each, and lets its op's rule append the cotangents
/// of its operands.
class Reverse {
 public:
  Reverse(GraphData& graph, const Paths& paths)
      : graph_(graph), view_(graph), paths_(paths), newest_(paths.slots(), nothing) {}

  /// Adds the seed of the i-th y, which defaults to one, as its first cotangent.
  void seed(std::size_t i, const Seeded& y);
  void run();
  /// The sum of the cotangents of the i-th x; zeros if there are none.
  Value result(std::size_t i, const Value& x);
  /// Adds to the graph which values are the derivatives with respect to which.
  void note_cotangents(std::span<const Seeded> ys, std::span<const Value> xs);

 private:
  static constexpr std::uint32_t nothing = Paths::none;
  struct Contribution {
    std::uint32_t node, port, next;
  };
  /// While the result exists, appended nodes belong to the gradient of that node.
  MadeAs in_gradient_of(std::uint32_t node) {
    return {graph_, detail::in_gradient_of(graph_, node, paths_.order() + 1)};
  }
  void arrive(std::uint32_t slot, const Value& cotangent);
  Gradient total(std::uint32_t slot);
  void differentiate(std::size_t number);
  Value checked(std::uint32_t node, std::size_t operand, const Value& gradient) const;

  GraphData& graph_;
  GraphView view_;
  const Paths& paths_;
  std::vector<std::uint32_t> newest_;  ///< index in contributions_ by slot
  std::vector<Contribution> contributions_;
  std::vector<Value> in_, outs_;  // arguments of the rule being called
  std::vector<Gradient> douts_;
  std::vector<bool> wanted_;
};

}  // namespace dagrad::detail
