#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/axes.hpp"

/// Ops that make one element of many. They reduce any axes, counted from the end where negative, in
/// any order; `keep_dims` keeps them with size 1. Every result has the same bits whatever the
/// number of threads; floats are summed in blocks, so that errors grow with the logarithm of their
/// number.
namespace dagrad {

/// What all ops have in common that take the elements along some axes together.
struct OverAxes {
  std::vector<std::int64_t> axes;
  static constexpr std::size_t operands = 1;

  /// Bit i: it goes over axis i. Throws ShapeError for axes outside of the rank or given twice.
  std::uint32_t mask(int rank) const;
  /// How many elements are taken together.
  std::int64_t count(const Shape& in) const;
  /// Throws ShapeError where that is none.
  void refuse_empty(const Shape& in) const;
};

/// What all reductions have in common.
struct Reduction : OverAxes {
  bool keep_dims = false;
  using attributes = dagrad::attributes<&Reduction::axes, &Reduction::keep_dims>;
  Reduction(std::vector<std::int64_t> over = {}, bool keep = false)
      : OverAxes{std::move(over)}, keep_dims(keep) {}

  /// Shape of the result.
  Shape reduced(const Shape& in) const;
  /// The result, or its cotangent, such that it broadcasts to the operand, whose rank is given.
  Value expanded(const Value& result, int rank) const;
};

struct Sum : Reduction {
  static constexpr auto name = "sum";
  static constexpr auto doc =
      "Sum over axes; of bools and ints in int64, which wraps. Of nothing 0.";
  static constexpr DTypes dtypes{b8, i32, i64, f16, bf16, f32, f64};
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Mean : Reduction {
  static constexpr auto name = "mean";
  static constexpr auto doc = "Mean over axes.";
  static constexpr DTypes dtypes = float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Prod : Reduction {
  static constexpr auto name = "prod";
  static constexpr auto doc =
      "Product over axes; of bools and ints in int64, which wraps. Of nothing 1. The gradient is "
      "the product of the others, right where elements are 0 too.";
  static constexpr DTypes dtypes = compute_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// max and min.
template <bool largest>
struct Extremum : Reduction {
  static constexpr auto name = largest ? "max" : "min";
  static constexpr auto doc =
      largest
          ? "Largest element over axes; NaN where there is one. Ties share the gradient equally."
          : "Smallest element over axes; NaN where there is one. Ties share the gradient equally.";
  static constexpr DTypes dtypes = compute_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

using Max = Extremum<true>;
using Min = Extremum<false>;

struct LogSumExp : Reduction {
  static constexpr auto name = "logsumexp";
  static constexpr auto doc =
      "log(sum(exp(x))) over axes, shifted by the maximum so that nothing overflows. -inf of "
      "nothing and of -inf alone. Elements that are the infinity of the result share its slope "
      "equally.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  std::shared_ptr<const void> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct TiedShare : Reduction {
  bool sizes = false;
  using attributes = dagrad::attributes<&Reduction::axes, &Reduction::keep_dims, &TiedShare::sizes>;
  static constexpr auto name = "tied_share";
  static constexpr auto doc =
      "1 / n, where n elements of x, or of abs(x) where `sizes` are asked for, are the infinity "
      "that `total`, a reduction of x, is: what each of them has of it. 1 where total is finite, "
      "NaN where it is NaN. No gradient flows through it.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct ExpShare {
  static constexpr auto name = "exp_share";
  static constexpr auto doc =
      "exp(x - total), the part that x has of a logsumexp that is `total`; `tied` where x is "
      "total, "
      "which may be an infinity. Its slope is itself in x, the negative of that in total, and 0 in "
      "tied.";
  template <class T>
  T operator()(T x, T total, T tied) const {
    return select(x == total, tied, exp(x - total));
  }
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Variance : Reduction {
  std::int64_t ddof = 0;
  using attributes = dagrad::attributes<&Reduction::axes, &Reduction::keep_dims, &Variance::ddof>;
  static constexpr auto name = "variance";
  static constexpr auto doc =
      "Mean square of what elements differ from their mean, over axes, accurate relative to their "
      "spread: 0 where they are equal; divided by n - ddof.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct StandardDeviation : Reduction {
  std::int64_t ddof = 0;
  using attributes =
      dagrad::attributes<&Reduction::axes, &Reduction::keep_dims, &StandardDeviation::ddof>;
  static constexpr auto name = "standard_deviation";
  static constexpr auto doc =
      "Square root of the variance over axes, without overflow or underflow on the way; slope 0 "
      "where it is 0.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct CountNonzero : Reduction {
  static constexpr auto name = "count_nonzero";
  static constexpr auto doc = "How many elements over axes are not 0, int64; NaN is not.";
  static constexpr DTypes dtypes = compute_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// any and all.
template <bool universal>
struct Quantifier : Reduction {
  static constexpr auto name = universal ? "all" : "any";
  static constexpr auto doc =
      universal ? "Whether all elements over axes are true; a number is where it is not 0."
                : "Whether any element over axes is true; a number is where it is not 0.";
  static constexpr DTypes dtypes = compute_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

using Any = Quantifier<false>;
using All = Quantifier<true>;

/// argmax and argmin.
template <bool largest>
struct ArgExtremum : Reduction {
  static constexpr auto name = largest ? "argmax" : "argmin";
  static constexpr auto doc =
      largest
          ? "Row-major position over axes of the largest element: the first at a tie; NaN wins."
          : "Row-major position over axes of the smallest element: the first at a tie; NaN wins.";
  static constexpr DTypes dtypes = compute_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

using ArgMax = ArgExtremum<true>;
using ArgMin = ArgExtremum<false>;

struct CountLike : OverAxes {
  std::int64_t less = 0;
  using attributes = dagrad::attributes<&OverAxes::axes, &CountLike::less>;
  static constexpr auto name = "count_like";
  static constexpr auto doc =
      "How many elements the axes of `like` span, less a number, as a scalar of its dtype.";
  static constexpr std::array type_only{0};
  static constexpr DTypes dtypes = number_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// Each takes any shape. Errors: ShapeError for an axis outside of the rank or given twice.

/// Sum; bools and ints in int64, which wraps, float16 in float32. 0 where there is no element.
Value sum(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Mean of floats. Throws TypeError for other dtypes, ShapeError for no element.
Value mean(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Product; bools and ints in int64, which wraps. 1 where there is no element. Its gradient is made
/// of the products of all others, never by division, to any order.
Value prod(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Largest element, of any dtype. NaN where there is one, its gradient too; at a tie the gradient
/// is shared equally. Throws ShapeError for no element.
Value max(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Smallest element, likewise.
Value min(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// log(Σ exp(x)) of float32 or float64, without overflow; -inf for no element and for -inf alone.
/// Throws TypeError for other dtypes.
Value logsumexp(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Σ (x − mean)² / (n − ddof) of float32 or float64, accurate relative to the spread of the
/// elements, however far from 0 they are; exactly 0 where they are equal. Throws TypeError for
/// other dtypes, ShapeError where n ≤ ddof, ArgumentError for a negative ddof.
Value variance(const Operand& x, const Axes& axes = {}, bool keep_dims = false,
               std::int64_t ddof = 0);
/// Square root of the variance, right where that would overflow or vanish too. Where it is 0 its
/// slope is 0 too. Throws as `variance`.
Value standard_deviation(const Operand& x, const Axes& axes = {}, bool keep_dims = false,
                         std::int64_t ddof = 0);
/// How many elements are not 0 (NaN is not), of any dtype; int64. 0 for no element. Gradient zero.
Value count_nonzero(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Whether any element is true, for numbers: not 0 (NaN is not). False for no element. A bool.
Value any(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Whether all elements are true. True for no element. A bool.
Value all(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Position of the largest element, int64: along an axis, or in row-major order over several; over
/// the flattened x where none is given. The first at a tie; NaN wins. Gradient zero. Throws
/// ShapeError for no element.
Value argmax(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Position of the smallest element, likewise.
Value argmin(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// How many elements of `like` go into one result of a reduction over axes, less a number, as a
/// scalar of the dtype of `like`: what rules divide by, right when a graph is replayed too.
Value count_like(const Operand& like, const Axes& axes, std::int64_t less = 0);

}  // namespace dagrad
