#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dagrad/op.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/passes.hpp"

namespace dagrad {

/// Joins large matrix products with the elementwise nodes that use them: such a node computes the
/// elements of a part of the product as soon as that part is finished, while it lies in a cache. It
/// becomes the epilogue of the product, a `MatmulWithEpilogue`. This serves biases, activations and
/// their gradients, residuals, and an optimiser's update of a weight by its gradient. Every bit
/// stays the same.
///
/// A product is joined only if nothing else needs it; it then has no counterpart in the new graph.
/// The new graph is made for the shapes of this one, and cannot be replayed with others. Throws
/// GraphError if a value belongs to another graph.
PassResult fuse_epilogues(const Graph& graph, std::span<const Value> values);

/// A matrix product followed by an elementwise formula, as made by `fuse_epilogues`. Operands are
/// the two matrices, then what the formula reads besides the product. Results have the shape of the
/// product, and at least one of them has its dtype.
struct MatmulWithEpilogue {
  static constexpr std::size_t most_inputs = 32;  ///< of the formula, and results

  bool transpose_left = false, transpose_right = false;  ///< as in Matmul
  ProgramPtr formula;
  std::vector<std::int64_t> product_inputs;  ///< which inputs of the formula are the product

  using attributes =
      dagrad::attributes<&MatmulWithEpilogue::transpose_left, &MatmulWithEpilogue::transpose_right,
                         &MatmulWithEpilogue::formula, &MatmulWithEpilogue::product_inputs>;
  static constexpr auto name = "matmul_with_epilogue";
  static constexpr auto doc = "A matrix product, and an elementwise formula of it.";
  static constexpr no_grad grad{"it is made by a pass that runs after differentiation"};

  /// Throws ShapeError or TypeError if the matrices cannot be multiplied, or if the formula cannot
  /// be applied to their product and the other operands.
  std::vector<Type> infer(std::span<const Type> in) const;
  double cost(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  std::shared_ptr<const void> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
};

}  // namespace dagrad
