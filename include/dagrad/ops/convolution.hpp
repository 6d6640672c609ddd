#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/kernels/convolution.hpp"

/// Convolutions over one or two spatial axes, in float32 and float64. As usual in neural networks,
/// these are cross-correlations: the kernel is not flipped. Channels come before the spatial axes:
/// inputs are [N,C,L] or [N,C,H,W], kernels [O,C/groups,K] or [O,C/groups,KH,KW].
namespace dagrad {

/// The options of a convolution. A single number applies to all spatial axes.
struct Convolution {
  std::vector<std::int64_t> stride = {1};
  std::vector<std::int64_t> padding = {0};   ///< zeros added at both ends
  std::vector<std::int64_t> dilation = {1};  ///< the distance between taps of the kernel
  std::int64_t groups = 1;  ///< groups of channels, each convolved with its own kernels
};

struct Conv : Convolution {
  using attributes = dagrad::attributes<&Convolution::stride, &Convolution::padding,
                                        &Convolution::dilation, &Convolution::groups>;
  static constexpr auto name = "conv";
  static constexpr auto doc = "Convolution of x [N,C,...] with a kernel [O,C/groups,...].";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  std::shared_ptr<const kernels::ConvolutionKernel> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  std::vector<Value> batch(const BatchContext& b) const;
  double cost(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// The gradient of Conv with respect to its input. The optional operand `like` is that input;
/// without it the attributes give the size.
struct ConvTranspose : Convolution {
  std::vector<std::int64_t> output_padding;
  using attributes =
      dagrad::attributes<&Convolution::stride, &Convolution::padding, &Convolution::dilation,
                         &Convolution::groups, &ConvTranspose::output_padding>;
  /// Not an aggregate, because gcc 12 destroys the base of one twice if a member after it throws.
  ConvTranspose(Convolution options = {}, std::vector<std::int64_t> padding_of_output = {0})
      : Convolution(std::move(options)), output_padding(std::move(padding_of_output)) {}
  static constexpr auto name = "conv_transpose";
  static constexpr auto doc =
      "Transposed convolution of x [N,C,...] with a kernel [C,O/groups,...]: the gradient of a "
      "convolution with respect to its input. If `like` is given, that input has its shape.";
  static constexpr std::array type_only{2};
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  std::shared_ptr<const kernels::ConvolutionKernel> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  std::vector<Value> batch(const BatchContext& b) const;
  double cost(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// The gradient of Conv with respect to its kernel.
struct ConvKernel : Convolution {
  using attributes = dagrad::attributes<&Convolution::stride, &Convolution::padding,
                                        &Convolution::dilation, &Convolution::groups>;
  static constexpr auto name = "conv_kernel";
  static constexpr auto doc =
      "The gradient of a convolution of x with respect to its kernel, which has the shape of "
      "`like`, for a cotangent d of the result.";
  static constexpr std::size_t operands = 3;
  static constexpr std::array type_only{2};
  static constexpr DTypes dtypes = compute_float_dtypes;
  static constexpr bool raises_flags = true;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  std::shared_ptr<const kernels::ConvolutionKernel> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  Dependence pattern(const PatternContext& at) const;
  std::vector<Value> batch(const BatchContext& b) const;
  double cost(const PlanContext& plan) const;
  double flops(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// Convolution of `in` [N,C,L] with `kernel` [O,C/groups,K], plus an optional `bias` [O]. The
/// result is [N,O,(L + 2 padding − dilation (K − 1) − 1) / stride + 1], rounded down. Throws
/// ShapeError for other ranks, if the channels do not match or the groups do not divide them, and
/// if the kernel is larger than the padded input; ArgumentError for a stride, dilation or groups <
/// 1 and for negative padding; TypeError for ints and for dtypes that differ.
Value conv1d(const Operand& in, const Operand& kernel, const Convolution& options = {});
Value conv1d(const Operand& in, const Operand& kernel, const Operand& bias,
             const Convolution& options = {});

/// Like `conv1d`, for `in` [N,C,H,W] and `kernel` [O,C/groups,KH,KW].
Value conv2d(const Operand& in, const Operand& kernel, const Convolution& options = {});
Value conv2d(const Operand& in, const Operand& kernel, const Operand& bias,
             const Convolution& options = {});

/// Transposed convolution of `in` [N,C,H,W] with `kernel` [C,O/groups,KH,KW], plus an optional
/// `bias` [O]: the gradient, with respect to its input, of a convolution with these options. Each
/// spatial size becomes (size − 1) stride − 2 padding + dilation (K − 1) + 1 + output_padding.
/// Several input sizes of a convolution lead to the same output size; `output_padding`, which must
/// be less than the stride, selects one of them. Throws as `conv2d` does, and ArgumentError for any
/// other output padding.
Value conv_transpose2d(const Operand& in, const Operand& kernel, const Convolution& options = {},
                       const std::vector<std::int64_t>& output_padding = {0});
Value conv_transpose2d(const Operand& in, const Operand& kernel, const Operand& bias,
                       const Convolution& options = {},
                       const std::vector<std::int64_t>& output_padding = {0});

}  // namespace dagrad
