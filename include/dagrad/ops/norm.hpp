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
      "Vector norm over axes: of order 1 sum(abs(x)), of order 2 sqrt(sum(x * x)) without overflow "
      "or underflow on the way, of order inf the largest abs(x). Slope 0 where the norm is 0.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Norm of order 1, 2 or infinity of float32 or float64, over axes as the other reductions take
/// them; 0 of no element, NaN where there is one. Slope sign(x); x / norm, of which n infinite
/// elements have sign(x) / sqrt(n) each and the finite ones nothing; sign(x) shared equally by the
/// elements of the largest size. Where the norm is 0 its slope is 0, and so are all further
/// derivatives: the second one of square(norm(x)) is 0 there, where that of sum(square(x)) is 2.
/// Throws ArgumentError for other orders, TypeError for other dtypes, ShapeError for an axis
/// outside of the rank or given twice.
Value norm(const Operand& x, double order = 2, const Axes& axes = {}, bool keep_dims = false);

}  // namespace dagrad
