#pragma once

#include <cstddef>
#include <span>

#include "dagrad/apply.hpp"

namespace dagrad {

namespace kernels {
class Epilogue;
}

struct Matmul {
  bool transpose_left = false,
       transpose_right = false;  ///< swap the last two axes; needs a rank of 2 or more
  using attributes = dagrad::attributes<&Matmul::transpose_left, &Matmul::transpose_right>;
  static constexpr auto name = "matmul";
  static constexpr auto doc =
      "The matrix product over the last two axes; batches broadcast. A vector counts as a row on "
      "the left and as a column on the right, and the result lacks that axis.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_number_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  /// The same, followed by an epilogue, which counts rows over all products of a batch.
  void eval_with(const EvalContext& c, const kernels::Epilogue& epilogue) const;
  bool unroll(Unrolled& code) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  Dependence pattern(const PatternContext& at) const;
  std::uint32_t row_operands(std::span<const Type> in) const;
  double cost(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// The matrix product: [m,k] times [k,n] gives [m,n]. Axes before the last two are batches and
/// broadcast by NumPy's rule. A vector [k] counts as a row on the left and as a column on the
/// right; the result lacks that axis. k = 0 gives zeros. Takes int32 and int64, which wrap around,
/// float32 and float64; an int operand next to a float one is cast to its dtype. An operand whose
/// last two axes `transpose` swapped is used without a copy. Throws ShapeError for scalars, for
/// inner dimensions that differ and for batches that do not broadcast, and TypeError for other
/// dtypes and for float32 next to float64.
Value matmul(const Operand& left, const Operand& right);

}  // namespace dagrad
