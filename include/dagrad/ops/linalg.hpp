#pragma once

#include <cstddef>
#include <span>

#include "dagrad/apply.hpp"

namespace dagrad {

struct Matmul {
  bool transpose_left = false, transpose_right = false;  ///< of the last two axes; ranks from 2 on
  using attributes = dagrad::attributes<&Matmul::transpose_left, &Matmul::transpose_right>;
  static constexpr auto name = "matmul";
  static constexpr auto doc =
      "Matrix product of the last two axes, batches broadcast; a vector is a row on the left, a "
      "column on the right, and leaves no axis behind.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_number_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// Matrix product: [m,k] by [k,n] is [m,n]. Axes before the last two are batches and broadcast by
/// NumPy's rule. A vector [k] is a row on the left and a column on the right; the result lacks that
/// axis. k = 0 gives zeros. Of int32, int64 (which wrap), float32, float64; an int beside a float
/// is cast to it. An operand that `transpose` made by swapping the last two axes is not copied.
/// Throws ShapeError for scalars, inner dimensions that differ and batches that do not broadcast,
/// TypeError for other dtypes and float32 beside float64.
Value matmul(const Operand& left, const Operand& right);

}  // namespace dagrad
