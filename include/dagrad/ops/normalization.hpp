#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/ops/reduce.hpp"

/// Normalisation: elements less their mean, over their deviation, taken over some axes. All take
/// float32 and float64, refuse an epsilon that is negative or not finite with an ArgumentError, and
/// have derivatives of any order. Results are accurate relative to the spread of the elements,
/// however far from 0 and however large or small these are; equal elements become 0 for every
/// epsilon, with slope 0 where that is 0.
namespace dagrad {

/// Results: the standardised x; the variance (the mean square where not `centred`); where
/// `centred`, the mean; and the factor 1 / sqrt(variance + epsilon), which is 0 where that root is
/// 0. All but the first keep their axes as 1.
struct Standardize : OverAxes {
  double epsilon = 1e-5;
  bool centred = true;
  using attributes =
      dagrad::attributes<&OverAxes::axes, &Standardize::epsilon, &Standardize::centred>;
  static constexpr auto name = "standardize";
  static constexpr auto doc =
      "(x - mean) / sqrt(variance + epsilon) over axes, then that variance (divided by n), the "
      "mean "
      "and the reciprocal of the root; 0 where the root is 0. Not centred: x / sqrt(mean square + "
      "epsilon), the mean square and the reciprocal.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::array in_place{0};
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// What the rule of Standardize appends: linear and symmetric in its cotangent d.
struct StandardizeGradient : OverAxes {
  bool centred = true;
  using attributes = dagrad::attributes<&OverAxes::axes, &StandardizeGradient::centred>;
  static constexpr auto name = "standardize_gradient";
  static constexpr auto doc =
      "r * (d - mean(d) - y * mean(d * y)) over axes, of a cotangent d, a standardised y and its "
      "reciprocal deviation r; without mean(d) where not centred.";
  static constexpr std::size_t operands = 3;
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::array in_place{0};
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

/// What the rules of `variance` and its relatives append: linear and symmetric.
struct Centre : Reduction {
  static constexpr auto name = "centre";
  static constexpr auto doc =
      "x - mean(x) over axes, accurate relative to the spread of the elements: 0 where they are "
      "equal.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::array in_place{0};
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  static Samples samples(Rng& rng);
};

struct ScaleShift {
  static constexpr auto name = "scale_shift", doc = "x * scale + shift.";
  template <class T>
  T operator()(T x, T scale, T shift) const {
    return x * scale + shift;
  }
  Grads grad(const GradContext& g) const;
};

struct Normalize {
  static constexpr auto name = "normalize", doc = "(x - mean) * scale + shift.";
  template <class T>
  T operator()(T x, T mean, T scale, T shift) const {
    return (x - mean) * scale + shift;
  }
  Grads grad(const GradContext& g) const;
};

struct BatchNormOptions {
  double momentum = 0.1;  ///< the weight of the batch in the new statistics
  double epsilon = 1e-5;
};
struct BatchNorm {
  Value out;
  Value mean, variance;  ///< what the running statistics become; no gradient flows through them
};

/// Batch normalisation in training (Ioffe and Szegedy 2015) of x [N, C, ...] over all axes but the
/// second: (x − m) / sqrt(v + epsilon) · scale + shift with the mean m and the biased variance v of
/// the batch, through which the gradient flows. Scale, shift and the running mean and variance are
/// [C]; these become (1 − momentum) · old + momentum · batch, its variance unbiased. They are
/// stored only where listed in `.update`: `{.update = {{mean, y.mean}, {variance, y.variance}}}`.
/// Throws ShapeError for fewer than two axes, fewer than two elements a channel and what is not
/// [C], TypeError where dtypes differ, ArgumentError for a momentum outside of [0, 1].
BatchNorm batch_norm(const Operand& x, const Operand& scale, const Operand& shift,
                     const Operand& mean, const Operand& variance,
                     const BatchNormOptions& options = {});
/// Batch normalisation by given statistics in place of the batch's; gradients flow to all five.
/// Throws as batch_norm, but takes any number of elements.
Value batch_norm_inference(const Operand& x, const Operand& scale, const Operand& shift,
                           const Operand& mean, const Operand& variance, double epsilon = 1e-5);

struct NormOptions {
  std::int64_t axes = 1;  ///< how many of the last ones
  double epsilon = 1e-5;
};

/// Layer normalisation (Ba et al. 2016): (x − mean) / sqrt(variance + epsilon) over the last axes,
/// the variance biased, times scale plus shift, which have the shape of these axes. Throws
/// ShapeError for fewer axes than are asked for, no element, and a scale or shift of another
/// shape; TypeError where dtypes differ; ArgumentError for axes < 1.
Value layer_norm(const Operand& x, const NormOptions& options = {});
Value layer_norm(const Operand& x, const Operand& scale, const Operand& shift,
                 const NormOptions& options = {});

/// Root mean square normalisation (Zhang and Sennrich 2019): x / sqrt(mean(x²) + epsilon) over the
/// last axes, times scale. Throws as layer_norm.
Value rms_norm(const Operand& x, const NormOptions& options = {});
Value rms_norm(const Operand& x, const Operand& scale, const NormOptions& options = {});

/// Group normalisation (Wu and He 2018) of x [N, C, ...]: each of `groups` groups of neighbouring
/// channels of each example is standardised; scale and shift are [C]. C groups are instance
/// normalisation. Throws ShapeError for fewer than two axes, no element, channels that the groups
/// do not divide and what is not [C]; TypeError where dtypes differ; ArgumentError for groups < 1.
Value group_norm(const Operand& x, std::int64_t groups, double epsilon = 1e-5);
Value group_norm(const Operand& x, std::int64_t groups, const Operand& scale, const Operand& shift,
                 double epsilon = 1e-5);

}  // namespace dagrad
