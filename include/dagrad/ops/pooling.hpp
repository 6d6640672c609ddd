#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"

/// Pooling over the two spatial axes of [N,C,H,W].
namespace dagrad {

/// One number stands for both spatial axes.
struct Pooling {
  std::vector<std::int64_t> window;
  std::vector<std::int64_t> stride = {};    ///< empty: the window
  std::vector<std::int64_t> padding = {0};  ///< at both ends, at most half the window
};

struct MaxPool : Pooling {
  using attributes = dagrad::attributes<&Pooling::window, &Pooling::stride, &Pooling::padding>;
  static constexpr auto name = "max_pool";
  static constexpr auto doc =
      "Largest element of each window of [N,C,H,W]; NaN where there is one. The first of ties gets "
      "the gradient.";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = compute_number_dtypes;
  Type infer(std::span<const Type> in) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// The gradient of MaxPool and of MaxPoolPick.
struct MaxPoolGradient : Pooling {
  using attributes = dagrad::attributes<&Pooling::window, &Pooling::stride, &Pooling::padding>;
  static constexpr auto name = "max_pool_gradient";
  static constexpr auto doc =
      "Of each window the element of dout, added where the window's largest element of x is.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// The gradient of MaxPoolGradient.
struct MaxPoolPick : Pooling {
  using attributes = dagrad::attributes<&Pooling::window, &Pooling::stride, &Pooling::padding>;
  static constexpr auto name = "max_pool_pick";
  static constexpr auto doc =
      "Of each window the element of x where the window's largest element of `by` is.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

struct AvgPool : Pooling {
  using attributes = dagrad::attributes<&Pooling::window, &Pooling::stride, &Pooling::padding>;
  static constexpr auto name = "avg_pool";
  static constexpr auto doc = "Mean of each window of [N,C,H,W], the padding's zeros included.";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// AvgPool transposed.
struct AvgPoolGradient : Pooling {
  using attributes = dagrad::attributes<&Pooling::window, &Pooling::stride, &Pooling::padding>;
  static constexpr auto name = "avg_pool_gradient";
  static constexpr auto doc =
      "Gradient of a mean of windows of `like`: each element of dout, shared by its window.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// The largest element of each window of each channel: [N,C,H,W] is [N,C,H',W'] where H' is
/// (H + 2 padding − window) / stride + 1, rounded down. Padding is never chosen, a NaN always; the
/// first of ties in row-major order gets the gradient. Throws ShapeError for other ranks than 4,
/// empty planes and a window larger than the padded input; ArgumentError for a window or stride < 1
/// and a padding that is negative or more than half the window; TypeError for bools.
Value max_pool2d(const Operand& in, const Pooling& options);

/// The mean of each window: padding counts as zeros. Throws as max_pool2d, and TypeError for ints.
Value avg_pool2d(const Operand& in, const Pooling& options);

/// The mean of each channel's plane: [n, c, h, w] is [n, c]. Throws ShapeError for other ranks than
/// 4 and for empty planes, TypeError for dtypes that `mean` does not take.
Value global_avg_pool(const Operand& in);

}  // namespace dagrad
