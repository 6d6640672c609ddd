#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/axes.hpp"

/// Ops that reduce many elements to one. They reduce any axes in any order; negative axes count
/// from the end, and `keep_dims` keeps the reduced axes with size 1. Every result has the same bits
/// for any number of threads. Floats are summed in blocks, so rounding errors grow only with the
/// logarithm of their number.
namespace dagrad {

/// What all ops that combine the elements along some axes have in common.
struct OverAxes {
  std::vector<std::int64_t> axes;
  static constexpr std::size_t operands = 1;
  static constexpr Batching batching = Batching::shifted;

  /// Bit i is set if axis i is reduced. Throws ShapeError for axes outside of the rank or given
  /// twice.
  std::uint32_t mask(int rank) const;
  /// The number of elements that are combined into one result.
  std::int64_t count(const Shape& in) const;
  /// The operands of an op that combines elements of the first along these axes, and reads all
  /// others beside it: all of them, or none if rows are combined, or if the order in which
  /// elements are combined depends on the number of rows.
  std::uint32_t rows_of(std::span<const Type> in) const;
  /// Throws ShapeError if that number is 0.
  void refuse_empty(const Shape& in) const;
};

/// What all reductions have in common.
struct Reduction : OverAxes {
  bool keep_dims = false;
  using attributes = dagrad::attributes<&Reduction::axes, &Reduction::keep_dims>;
  Reduction(std::vector<std::int64_t> over = {}, bool keep = false)
      : OverAxes{std::move(over)}, keep_dims(keep) {}

  /// The shape of the result.
  Shape reduced(const Shape& in) const;
  /// The result, or its cotangent, reshaped so that it broadcasts to the operand, which has the
  /// given rank.
  Value expanded(const Value& result, int rank) const;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Dependence pattern(const PatternContext& at) const;
};

struct Sum : Reduction {
  static constexpr auto name = "sum";
  static constexpr auto doc =
      "The sum over axes; bools and ints are summed in int64, which wraps around. The sum of no "
      "elements is 0.";
  static constexpr DTypes dtypes{b8, i32, i64, f16, bf16, f32, f64};
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  bool unroll(Unrolled& code) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Mean : Reduction {
  static constexpr auto name = "mean";
  static constexpr auto doc = "The mean over axes.";
  static constexpr DTypes dtypes = float_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  bool unroll(Unrolled& code) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct Prod : Reduction {
  static constexpr auto name = "prod";
  static constexpr auto doc =
      "The product over axes; bools and ints are multiplied in int64, which wraps around. The "
      "product of no elements is 1. The gradient is the product of all other elements, which is "
      "correct even if some elements are 0.";
  static constexpr DTypes dtypes = compute_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// max and min.
template <bool largest>
struct Extremum : Reduction {
  static constexpr auto name = largest ? "max" : "min";
  static constexpr auto doc =
      largest
          ? "The largest element over axes; NaN if there is one. Ties share the gradient equally."
          : "The smallest element over axes; NaN if there is one. Ties share the gradient equally.";
  static constexpr DTypes dtypes = compute_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

using Max = Extremum<true>;
using Min = Extremum<false>;

struct LogSumExp : Reduction {
  static constexpr auto name = "logsumexp";
  static constexpr auto doc =
      "log(sum(exp(x))) over axes, shifted by the maximum so that nothing overflows. It is -inf "
      "for no elements and for elements that are all -inf. If the result is infinite, the elements "
      "equal to it share the gradient equally.";
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
      "1 / n, where n is the number of elements of x (of abs(x) with `sizes`) equal to an infinite "
      "`total`, a reduction of x: the share of each such element. 1 where total is finite, NaN "
      "where it is NaN. No gradient flows through it.";
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
      "exp(x - total), the share of x in a logsumexp that is `total`; `tied` where x equals total, "
      "which may be infinite. Its derivative is itself in x, its negative in total, and 0 in tied.";
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
      "The mean squared deviation from the mean, over axes, with divisor n - ddof. It is accurate "
      "relative to the spread of the elements, and exactly 0 where they are equal.";
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
      "The square root of the variance over axes, without overflow or underflow on the way; the "
      "gradient is 0 where it is 0.";
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
  static constexpr auto doc =
      "The number of elements over axes that are not 0, as int64; NaN counts as not 0.";
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
      universal ? "Whether all elements over axes are true; a number is true if it is not 0."
                : "Whether any element over axes is true; a number is true if it is not 0.";
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
  static constexpr auto doc = largest ? "The row-major position over axes of the largest element; "
                                        "the first of equal ones, and a NaN before all numbers."
                                      : "The row-major position over axes of the smallest element; "
                                        "the first of equal ones, and a NaN before all numbers.";
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
      "The number of elements that the axes of `like` span, minus `less`, as a scalar of the dtype "
      "of `like`.";
  static constexpr std::array type_only{0};
  static constexpr DTypes dtypes = number_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  bool unroll(Unrolled& code) const;
  Notation notation(std::span<const Notation> in, std::span<const Type> types) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// The builders take any shape. They throw ShapeError for an axis outside of the rank or given
/// twice.

/// The sum; bools and ints are summed in int64, which wraps around, float16 and bfloat16 in
/// float32. 0 if there is no element.
Value sum(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// The mean of floats. Throws TypeError for other dtypes, and ShapeError if there is no element.
Value mean(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// The product; bools and ints are multiplied in int64, which wraps around. 1 if there is no
/// element. Its gradients of any order consist of the products of all other elements and never
/// divide.
Value prod(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// The largest element, of any dtype. If there is a NaN, the result and its gradient are NaN; at a
/// tie the gradient is shared equally. Throws ShapeError if there is no element.
Value max(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// The smallest element, otherwise like `max`.
Value min(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// log(Σ exp(x)) of float32 or float64, without overflow; -inf if there is no element and if all
/// are -inf. Throws TypeError for other dtypes.
Value logsumexp(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Σ (x − mean)² / (n − ddof) of float32 or float64, accurate relative to the spread of the
/// elements, however far from 0 they are; exactly 0 if they are equal. Throws TypeError for other
/// dtypes, ShapeError if n ≤ ddof, and ArgumentError for a negative ddof.
Value variance(const Operand& x, const Axes& axes = {}, bool keep_dims = false,
               std::int64_t ddof = 0);
/// The square root of the variance, accurate even where the variance itself would overflow or
/// underflow. Where it is 0, its gradient is 0. Throws as `variance` does.
Value standard_deviation(const Operand& x, const Axes& axes = {}, bool keep_dims = false,
                         std::int64_t ddof = 0);
/// The number of elements, of any dtype, that are not 0, as int64; NaN counts as not 0. The result
/// is 0 if there is no element. The gradient is zero.
Value count_nonzero(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Whether any element is true, as a bool; a number is true if it is not 0, NaN included. False if
/// there is no element.
Value any(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// Whether all elements are true, as a bool. True if there is no element.
Value all(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// The position of the largest element, int64: along one axis, in row-major order over several, or
/// in the flattened x if no axis is given. The first of equal elements is chosen, and a NaN before
/// all numbers. The gradient is zero. Throws ShapeError if there is no element.
Value argmax(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// The position of the smallest element, otherwise like `argmax`.
Value argmin(const Operand& x, const Axes& axes = {}, bool keep_dims = false);
/// The number of elements of `like` that a reduction over axes combines into one result, minus
/// `less`, as a scalar of the dtype of `like`. Gradient rules divide by it, so they stay correct
/// when a graph is replayed with other shapes.
Value count_like(const Operand& like, const Axes& axes, std::int64_t less = 0);

/// Two values do not compile, since `max` and `min` reduce over axes: `maximum` and `minimum` are
/// the elementwise ops.
template <std::same_as<Value> T>
inline Value max(const Operand&, const T&) {
  static_assert(!std::same_as<T, Value>,
                "dagrad: max(x, axes) takes the largest element over axes: write maximum(a, b) for "
                "the larger elements of two values");
  return {};
}
template <std::same_as<Value> T>
inline Value min(const Operand&, const T&) {
  static_assert(!std::same_as<T, Value>,
                "dagrad: min(x, axes) takes the smallest element over axes: write minimum(a, b) "
                "for the smaller elements of two values");
  return {};
}

}  // namespace dagrad
