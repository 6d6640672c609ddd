#pragma once

#include <cstdint>
#include <limits>

#include "dagrad/ops/reduce.hpp"

namespace dagrad {

struct Norm : Reduction {
  double order = 2;
  using attributes = dagrad::attributes<&Reduction::axes, &Reduction::keep_dims, &Norm::order>;
  static constexpr auto name = "norm";
  static constexpr auto doc =
      "The vector norm over axes: sum(abs(x)) for order 1, sqrt(sum(x * x)) without overflow or "
      "underflow on the way for order 2, and the largest abs(x) for order inf. The gradient is 0 "
      "where the norm is 0.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// The norm of order 1, 2 or infinity of float32 or float64 elements, over axes given as for other
/// reductions; 0 if there is no element, NaN if one is NaN.
///
/// The gradient of order 1 is sign(x). That of order 2 is x / norm; if n elements are infinite, it
/// is sign(x) / sqrt(n) for each of them and 0 for the finite ones. That of order infinity is
/// sign(x), shared equally by the elements of the largest absolute value. Where the norm is 0,
/// derivatives of every order are 0: the second derivative of square(norm(x)) is 0 there, whereas
/// that of sum(square(x)) is 2.
///
/// Throws ArgumentError for other orders, TypeError for other dtypes, and ShapeError for an axis
/// outside of the rank or given twice.
Value norm(const Operand& x, double order = 2, const Axes& axes = {}, bool keep_dims = false);

}  // namespace dagrad
