#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dagrad/op.hpp"
#include "dagrad/passes.hpp"

namespace dagrad {

/// Sums the rows of a matrix before it is multiplied, instead of the rows of the product: the sum
/// over i of (A·B)[i, j] is that of A[i, l], times B[l, j]. This takes a single row through the
/// product. Likewise, the sum over the columns of a product is A times the sum over the columns of
/// B. The gradient of a mean that was subtracted from the rows of a matrix is such a sum.
///
/// A product of float32 or float64 becomes a `SummedProduct` if nothing but the sum, or a negation
/// on the way to it, needs it. Both forms add the same products of elements, in another order. Let
/// S be the sum of their absolute values, u the unit roundoff of the dtype, m the number of rows or
/// columns that are summed, and k the number of columns of A. The error of either form is then at
/// most a small multiple of (k + log m) · u · S.
///
/// The new graph is made for the shapes of this one, and cannot be replayed with others. Throws
/// GraphError if a value belongs to another graph.
PassResult sum_early(const Graph& graph, std::span<const Value> values);

/// The sum over the rows or the columns of a matrix product, as made by `sum_early`. The axis that
/// is summed remains, with size 1. Operands are two matrices or batches of them, which broadcast.
///
/// Sums that overflow although the result is finite do no harm: a result that is not finite is
/// computed again in the order in which it is defined.
struct SummedProduct {
  bool transpose_left = false, transpose_right = false;  ///< as in Matmul
  bool columns = false;  ///< sums the columns of the product, instead of its rows

  using attributes = dagrad::attributes<&SummedProduct::transpose_left,
                                        &SummedProduct::transpose_right, &SummedProduct::columns>;
  static constexpr auto name = "summed_product";
  static constexpr auto doc = "The sum over the rows or columns of a matrix product.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes{f32, f64};
  static constexpr bool raises_flags = true;
  static constexpr no_grad grad{"it is made by a pass that runs after differentiation"};

  /// Throws ShapeError if an operand has fewer than two axes; ShapeError or TypeError if the
  /// matrices cannot be multiplied.
  Type infer(std::span<const Type> in) const;
  std::uint32_t row_operands(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
};

}  // namespace dagrad
