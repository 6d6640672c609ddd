#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dagrad/apply.hpp"
#include "dagrad/kernels/convolution.hpp"

/// Convolutions over one or two spatial axes, as neural networks mean the word (a
/// cross-correlation: the kernel is not flipped), of float32 and float64. Channels come before
/// spatial axes: inputs are [N,C,L] or [N,C,H,W], kernels [O,C/groups,K] or [O,C/groups,KH,KW].
namespace dagrad {

/// One number stands for every spatial axis.
struct Convolution {
  std::vector<std::int64_t> stride = {1};
  std::vector<std::int64_t> padding = {0};   ///< zeros at both ends
  std::vector<std::int64_t> dilation = {1};  ///< from one tap of the kernel to the next
  std::int64_t groups = 1;                   ///< of channels, each convolved with its own kernels
};

struct Conv : Convolution {
  using attributes = dagrad::attributes<&Convolution::stride, &Convolution::padding,
                                        &Convolution::dilation, &Convolution::groups>;
  static constexpr auto name = "conv";
  static constexpr auto doc = "Convolution of x [N,C,...] with a kernel [O,C/groups,...].";
  static constexpr std::size_t operands = 2;
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  std::shared_ptr<const kernels::ConvolutionKernel> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// The gradient of Conv by its input; `like` is that input, where there is one, else the size
/// follows from the attributes.
struct ConvTranspose : Convolution {
  std::vector<std::int64_t> output_padding = {0};
  using attributes =
      dagrad::attributes<&Convolution::stride, &Convolution::padding, &Convolution::dilation,
                         &Convolution::groups, &ConvTranspose::output_padding>;
  static constexpr auto name = "conv_transpose";
  static constexpr auto doc =
      "Transposed convolution of x [N,C,...] with a kernel [C,O/groups,...]: the gradient of a "
      "convolution by its input, which `like`, where given, is.";
  static constexpr std::array type_only{2};
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  std::shared_ptr<const kernels::ConvolutionKernel> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// The gradient of Conv by its kernel.
struct ConvKernel : Convolution {
  using attributes = dagrad::attributes<&Convolution::stride, &Convolution::padding,
                                        &Convolution::dilation, &Convolution::groups>;
  static constexpr auto name = "conv_kernel";
  static constexpr auto doc =
      "The gradient of a convolution of x by its kernel `like`, of the result's cotangent.";
  static constexpr std::size_t operands = 3;
  static constexpr std::array type_only{2};
  static constexpr DTypes dtypes = compute_float_dtypes;
  Type infer(std::span<const Type> in) const;
  std::size_t scratch(const PlanContext& plan) const;
  std::shared_ptr<const kernels::ConvolutionKernel> prepare(const PlanContext& plan) const;
  void eval(const EvalContext& c) const;
  Grads grad(const GradContext& g) const;
  double cost(const PlanContext& plan) const;
  static Samples samples(Rng& rng);
};

/// Convolution of `in` [N,C,L] with `kernel` [O,C/groups,K], plus `bias` [O] where given:
/// [N,O,(L + 2 padding − dilation (K − 1) − 1) / stride + 1], rounded down. Throws ShapeError for
/// other ranks, channels that do not agree or that groups do not divide, and a kernel larger than
/// the padded input; ArgumentError for a stride, dilation or groups < 1 and a negative padding;
/// TypeError for ints and dtypes that differ.
Value conv1d(const Operand& in, const Operand& kernel, const Convolution& options = {});
Value conv1d(const Operand& in, const Operand& kernel, const Operand& bias,
             const Convolution& options = {});

/// As conv1d, of `in` [N,C,H,W] with `kernel` [O,C/groups,KH,KW].
Value conv2d(const Operand& in, const Operand& kernel, const Convolution& options = {});
Value conv2d(const Operand& in, const Operand& kernel, const Operand& bias,
             const Convolution& options = {});

/// Transposed convolution of `in` [N,C,H,W] with `kernel` [C,O/groups,KH,KW], plus `bias` [O] where
/// given: the gradient by its input of a convolution with these options. Each spatial axis becomes
/// (size − 1) stride − 2 padding + dilation (K − 1) + 1 + output_padding; output_padding, less than
/// the stride, chooses among the inputs that such a convolution takes to the same size. Throws as
/// conv2d, and ArgumentError for other output paddings.
Value conv_transpose2d(const Operand& in, const Operand& kernel, const Convolution& options = {},
                       const std::vector<std::int64_t>& output_padding = {0});
Value conv_transpose2d(const Operand& in, const Operand& kernel, const Operand& bias,
                       const Convolution& options = {},
                       const std::vector<std::int64_t>& output_padding = {0});

}  // namespace dagrad
