#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dagrad/op.hpp"
#include "dagrad/passes.hpp"

namespace dagrad {

namespace detail {
struct Window;
}

/// Lets elementwise nodes read slices and padded values where they lie, instead of from copies of
/// them: an elementwise node that reads a large `slice` with steps of 1, a `pad` with zeros or an
/// `unslice_like`, or several of these one after the other, becomes a `Windowed`. Such differences
/// of neighbours occur in stencils, in collocation, and in compressed Jacobians. Every bit stays
/// the same.
///
/// Slices and pads that only such nodes read have no counterpart in the new graph. The new graph is
/// made for the shapes of this one, and cannot be replayed with others. Throws GraphError if a
/// value belongs to another graph.
PassResult read_windows(const Graph& graph, std::span<const Value> values);

/// An elementwise formula whose operands are seen through windows, as made by `read_windows`. What
/// they show must broadcast.
struct Windowed {
  static constexpr std::size_t most_operands = 32;  ///< and results

  ProgramPtr program;
  std::shared_ptr<const std::vector<detail::Window>> windows;  ///< of the operands

  struct attributes {
    static std::size_t hash(const Windowed& op);
    static bool equal(const Windowed& a, const Windowed& b);
    /// "formula", and "windows", the number of operands of which not the whole is seen.
    static void visit(const Windowed& op, const AttributeVisitor& visit);
    static bool assign(Windowed&, std::string_view, const Attribute&) { return false; }
  };
  static constexpr auto name = "windowed";
  static constexpr auto doc = "An elementwise formula of slices and padded values.";
  static constexpr no_grad grad{"it is made by a pass that runs after differentiation"};

  /// Throws ShapeError or TypeError if an operand differs from those that the op was made for.
  std::vector<Type> infer(std::span<const Type> in) const;
  double cost(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  std::shared_ptr<const void> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
};

}  // namespace dagrad
