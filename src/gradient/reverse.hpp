#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/gradient/paths.hpp"

namespace dagrad::detail {

/// The gradient pass. Seeds are the first cotangents; `run` walks the nodes on a path from an x in
/// reverse order, sums what has arrived at each, and lets its op's rule append what flows on to its
/// operands.
class Reverse {
 public:
  Reverse(GraphData& graph, const Paths& paths)
      : graph_(graph), view_(graph), paths_(paths), newest_(paths.slots(), nothing) {}

  /// The first cotangent of the i-th y: its seed, or one.
  void seed(std::size_t i, const Seeded& y);
  void run();
  /// What has arrived at the i-th x in all; zeros where nothing has.
  Value result(std::size_t i, const Value& x);

 private:
  static constexpr std::uint32_t nothing = Paths::none;
  struct Contribution {
    std::uint32_t node, port, next;
  };
  /// While it lives, what is appended belongs to that node's gradient.
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
  std::vector<std::uint32_t> newest_;  ///< by slot: in contributions_
  std::vector<Contribution> contributions_;
  std::vector<Value> in_, outs_;  // what the rule at work is given
  std::vector<Gradient> douts_;
  std::vector<bool> wanted_;
};

}  // namespace dagrad::detail
