#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/ops/reduce.hpp"

/// Normalisation: elements minus their mean, divided by their standard deviation, over some axes.
/// All of these take float32 and float64, throw ArgumentError if epsilon is negative or not finite,
/// and have derivatives of any order. Results are accurate relative to the spread of the elements,
/// however far from 0 and however large or small they are. Equal elements become 0 for every
/// epsilon; if epsilon is 0, so does their gradient.
namespace dagrad {

/// The results are the standardised x; the variance, or the mean square if not `centred`; the mean,
/// only if `centred`; and the factor 1 / sqrt(variance + epsilon), which is 0 where that root is 0.
/// All results but the first keep the reduced axes with size 1.
struct Standardize : OverAxes {
  double epsilon = 1e-5;
  bool centred = true;
  using attributes =
      dagrad::attributes<&OverAxes::axes, &Standardize::epsilon, &Standardize::centred>;
  static constexpr auto name = "standardize";
  static constexpr auto doc =
      "(x - mean) / sqrt(variance + epsilon) over axes, followed by the variance (divided by n), "
      "the mean and the reciprocal of the root; where the root is 0, the first and the last are 0. "
      "If not centred: x / sqrt(mean square + epsilon), the mean square and the reciprocal.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::array in_place{0};
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The gradient rule of Standardize appends this op, which is linear and symmetric in its cotangent
/// d.
struct StandardizeGradient : OverAxes {
  bool centred = true;
  using attributes = dagrad::attributes<&OverAxes::axes, &StandardizeGradient::centred>;
  static constexpr auto name = "standardize_gradient";
  static constexpr auto doc =
      "r * (d - mean(d) - y * mean(d * y)) over axes, for a cotangent d, a standardised y and its "
      "reciprocal deviation r; without the term mean(d) if not centred.";
  static constexpr std::size_t operands = 3;
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::array in_place{0};
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// Batch normalisation: `Standardize` over axes with a scale and a shift for each result. The
/// results are the normalised elements, followed by those of `Standardize`. Takes x, scale and
/// shift; the last two have the shape of x with size 1 along the axes.
struct NormalizeChannels : OverAxes {
  double epsilon = 1e-5;
  using attributes = dagrad::attributes<&OverAxes::axes, &NormalizeChannels::epsilon>;
  static constexpr auto name = "normalize_channels";
  static constexpr auto doc =
      "standardize(x) * scale + shift, where scale and shift have size 1 along the axes, followed "
      "by the results of standardize(x).";
  static constexpr std::size_t operands = 3;
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::array in_place{0};
  static constexpr std::array optional_results{1};
  static constexpr bool raises_flags = true;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The gradient rule of NormalizeChannels appends this op, which is linear in its cotangent d.
struct NormalizeChannelsGradient : OverAxes {
  using attributes = dagrad::attributes<&OverAxes::axes>;
  static constexpr auto name = "normalize_channels_gradient";
  static constexpr auto doc =
      "For a cotangent d of normalize_channels, a standardised y, its reciprocal deviation r and a "
      "scale: standardize_gradient(d * scale, y, r), then the sums of d * y and of d over the "
      "axes, which keep size 1.";
  static constexpr std::size_t operands = 4;
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::array in_place{0};
  static constexpr bool raises_flags = true;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// Layer and RMS normalisation. The results are the normalised elements, the standardised x that
/// they are made of, and the factor by which `Standardize` multiplies; the last result keeps the
/// reduced axes with size 1. Takes x, scale, which has the shape of the axes, and except for RMS
/// normalisation shift, which has the same shape.
struct NormalizeRows : OverAxes {
  double epsilon = 1e-5;
  bool centred = true;
  using attributes =
      dagrad::attributes<&OverAxes::axes, &NormalizeRows::epsilon, &NormalizeRows::centred>;
  static constexpr auto name = "normalize_rows";
  static constexpr auto doc =
      "standardize(x) * scale + shift over the last axes, followed by standardize(x) and its "
      "reciprocal deviation; without a third operand, nothing is added.";
  static constexpr std::size_t operands = 0;  ///< any number, that is two or three
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::array in_place{0};
  static constexpr std::array optional_results{1, 2};
  static constexpr bool raises_flags = true;
  std::uint32_t row_operands(std::span<const Type> in) const;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The gradient rule of NormalizeRows appends this op, which is linear in its cotangent d.
struct NormalizeRowsGradient : OverAxes {
  bool centred = true;
  using attributes = dagrad::attributes<&OverAxes::axes, &NormalizeRowsGradient::centred>;
  static constexpr auto name = "normalize_rows_gradient";
  static constexpr auto doc =
      "For a cotangent d of normalize_rows, a standardised y, its reciprocal deviation r and a "
      "scale: standardize_gradient(d * scale, y, r), then the sums of d * y and of d over all axes "
      "but the last ones.";
  static constexpr std::size_t operands = 4;
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::array optional_results{1, 2};
  static constexpr bool raises_flags = true;
  std::vector<Type> infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The gradient rules of `variance` and its relatives append this op, which is linear and
/// symmetric.
struct Centre : Reduction {
  static constexpr auto name = "centre";
  static constexpr auto doc =
      "x - mean(x) over axes, accurate relative to the spread of the elements; exactly 0 where "
      "they are equal.";
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr std::array in_place{0};
  static constexpr bool raises_flags = true;
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
  Value mean, variance;  ///< the new running statistics; no gradient flows through them
};

/// Batch normalisation in training (Ioffe and Szegedy 2015) of x [N, C, ...] over all axes but the
/// second: (x − m) / sqrt(v + epsilon) · scale + shift, where m is the mean and v the biased
/// variance of the batch; the gradient flows through both. Scale, shift and the running mean and
/// variance are [C].
///
/// The new running statistics are (1 − momentum) · old + momentum · batch, computed with the
/// unbiased variance. They are stored only if they are listed in `.update`: `{.update = {{mean,
/// y.mean}, {variance, y.variance}}}`.
///
/// Throws ShapeError for fewer than two axes, for fewer than two elements per channel and for
/// operands that are not [C], TypeError if dtypes differ, and ArgumentError for a momentum outside
/// of [0, 1].
BatchNorm batch_norm(const Operand& x, const Operand& scale, const Operand& shift,
                     const Operand& mean, const Operand& variance,
                     const BatchNormOptions& options = {});
/// Batch normalisation with the given statistics instead of the batch's; gradients flow to all five
/// operands. Throws as `batch_norm` does, but takes any number of elements.
Value batch_norm_inference(const Operand& x, const Operand& scale, const Operand& shift,
                           const Operand& mean, const Operand& variance, double epsilon = 1e-5);

struct NormOptions {
  std::int64_t axes = 1;  ///< how many trailing axes are normalised
  double epsilon = 1e-5;
};

/// Layer normalisation (Ba et al. 2016) over the last axes: (x − mean) / sqrt(variance + epsilon) ·
/// scale + shift, with the biased variance. Scale and shift have the shape of these axes. Throws
/// ShapeError if x has fewer axes than are asked for or no element, and if scale or shift has
/// another shape; TypeError if dtypes differ; ArgumentError for axes < 1.
Value layer_norm(const Operand& x, const NormOptions& options = {});
Value layer_norm(const Operand& x, const Operand& scale, const Operand& shift,
                 const NormOptions& options = {});

/// Root mean square normalisation (Zhang and Sennrich 2019) over the last axes: x / sqrt(mean(x²) +
/// epsilon) · scale. Throws as `layer_norm` does.
Value rms_norm(const Operand& x, const NormOptions& options = {});
Value rms_norm(const Operand& x, const Operand& scale, const NormOptions& options = {});

/// Group normalisation (Wu and He 2018) of x [N, C, ...]: the channels of each example are divided
/// into `groups` groups of neighbours, and each group is standardised. Scale and shift are [C].
/// With C groups this is instance normalisation. Throws ShapeError for fewer than two axes, for no
/// element, if the groups do not divide the channels, and for operands that are not [C]; TypeError
/// if dtypes differ; ArgumentError for groups < 1.
Value group_norm(const Operand& x, std::int64_t groups, double epsilon = 1e-5);
Value group_norm(const Operand& x, std::int64_t groups, const Operand& scale, const Operand& shift,
                 double epsilon = 1e-5);

}  // namespace dagrad
