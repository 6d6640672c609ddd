#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dagrad/op.hpp"
#include "dagrad/passes.hpp"

namespace dagrad {

/// Joins large elementwise nodes with the sums of their results: the loop that computes an element
/// also adds it up, so that what is only summed is not stored. The node becomes a
/// `FormulaWithSums`. This serves losses over each row, and the gradients of operands that were
/// broadcast. `Sum`, `Mean` and `SumToLike` of float32 and float64 take part, over the last axes
/// (up to some thousand elements) or over the first ones. Every bit stays the same.
///
/// Nodes that `tile_rows` can compute together with others are left to it. The new graph is made
/// for the shapes of this one, and cannot be replayed with others. Throws GraphError if a value
/// belongs to another graph.
PassResult fuse_sums(const Graph& graph, std::span<const Value> values);

/// An elementwise formula of which some results are summed, as made by `fuse_sums`. Operands are
/// those of the formula. Results are its results, in order, each of them stored or summed.
struct FormulaWithSums {
  static constexpr std::size_t most_operands = 32;  ///< and results

  ProgramPtr formula;
  std::vector<std::int64_t> axes;      ///< by result: bit i if axis i is summed; 0: it is stored
  std::vector<std::int64_t> dropped;   ///< by result: bit i if axis i does not remain, with size 1
  std::vector<std::int64_t> divisors;  ///< by result: by what a sum is divided

  using attributes = dagrad::attributes<&FormulaWithSums::formula, &FormulaWithSums::axes,
                                        &FormulaWithSums::dropped, &FormulaWithSums::divisors>;
  static constexpr auto name = "formula_with_sums";
  static constexpr auto doc = "An elementwise formula, and sums of its results.";
  static constexpr no_grad grad{"it is made by a pass that runs after differentiation"};

  /// Throws ShapeError or TypeError if the formula cannot be applied to the operands, or if its
  /// loop could not compute the sums.
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  double cost(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  std::shared_ptr<const void> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
};

}  // namespace dagrad
