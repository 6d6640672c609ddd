#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"

/// Pooling over the two spatial axes of [N,C,H,W].
namespace dagrad {

/// The options of pooling. A single number applies to both spatial axes.
struct Pooling {
  std::vector<std::int64_t> window;
  std::vector<std::int64_t> stride = {};    ///< by default that of the window
  std::vector<std::int64_t> padding = {0};  ///< at both ends; at most half of the window
};

struct MaxPool : Pooling {
  using attributes = dagrad::attributes<&Pooling::window, &Pooling::stride, &Pooling::padding>;
  static constexpr auto name = "max_pool";
  static constexpr auto doc =
      "The largest element of each window of [N,C,H,W]; NaN if the window contains one. The first "
      "of equal elements gets the gradient.";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = compute_number_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  double cost(const PlanContext& plan) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The gradient of MaxPool and of MaxPoolPick.
struct MaxPoolGradient : Pooling {
  using attributes = dagrad::attributes<&Pooling::window, &Pooling::stride, &Pooling::padding>;
  static constexpr auto name = "max_pool_gradient";
  static constexpr auto doc =
      "Adds each element of a cotangent d at the position of the largest element of x in its "
      "window.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  double cost(const PlanContext& plan) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The gradient of MaxPoolGradient.
struct MaxPoolPick : Pooling {
  using attributes = dagrad::attributes<&Pooling::window, &Pooling::stride, &Pooling::padding>;
  static constexpr auto name = "max_pool_pick";
  static constexpr auto doc =
      "For each window, the element of x at the position of the window's largest element of `by`.";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void decisions(std::span<const View> in, std::span<const View> out,
                 const DecisionSink& sink) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  double cost(const PlanContext& plan) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

struct AvgPool : Pooling {
  using attributes = dagrad::attributes<&Pooling::window, &Pooling::stride, &Pooling::padding>;
  static constexpr auto name = "avg_pool";
  static constexpr auto doc =
      "The mean of each window of [N,C,H,W], where padding counts as zeros.";
  static constexpr std::size_t operands = 1;
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  double cost(const PlanContext& plan) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The transpose of AvgPool.
struct AvgPoolGradient : Pooling {
  using attributes = dagrad::attributes<&Pooling::window, &Pooling::stride, &Pooling::padding>;
  static constexpr auto name = "avg_pool_gradient";
  static constexpr auto doc =
      "The gradient of the means of windows of `like`: each element of a cotangent d is shared "
      "equally by the elements of its window.";
  static constexpr std::size_t operands = 2;
  static constexpr std::array type_only{1};
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  std::vector<Value> batch(const BatchContext& b) const;
  double cost(const PlanContext& plan) const;
  Dependence pattern(const PatternContext& at) const;
  static Samples samples(Rng& rng);
};

/// The largest element of each window of each channel: [N,C,H,W] gives [N,C,H',W'], where H' is (H
/// + 2 padding − window) / stride + 1, rounded down. Padding is never chosen, and a NaN always is;
/// the first of equal elements in row-major order gets the gradient. Throws ShapeError for ranks
/// other than 4, for empty planes and for a window larger than the padded input; ArgumentError for
/// a window or stride < 1 and for padding that is negative or more than half of the window;
/// TypeError for bools.
Value max_pool2d(const Operand& in, const Pooling& options);

/// The mean of each window, where padding counts as zeros. Throws as `max_pool2d` does, and
/// TypeError for ints.
Value avg_pool2d(const Operand& in, const Pooling& options);

/// The mean of each channel's plane: [N,C,H,W] gives [N,C]. Throws ShapeError for ranks other than
/// 4 and for empty planes, and TypeError for dtypes that `mean` does not take.
Value global_avg_pool(const Operand& in);

}  // namespace dagrad
