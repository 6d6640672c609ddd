#pragma once

#include "dagrad/ops/convolution.hpp"

/// The sizes that convolutions infer.
namespace dagrad {

/// The numbers of an option, each at least `least`, one for each spatial axis. An axis that does
/// not exist gets `unused`.
std::array<std::int64_t, 2> spatial_numbers(const char* name, std::span<const std::int64_t> given,
                                            int spatial, std::int64_t least, std::int64_t unused);

/// The sizes of a convolution of an input with a kernel. Throws the errors that the builders
/// document.
kernels::ConvolutionSizes convolution_sizes(const Convolution& options, const Shape& in,
                                            const Shape& kernel);
/// The sizes of the convolution whose output is `out` and whose input has the size that follows
/// from its output padding.
kernels::ConvolutionSizes transposed_sizes(const Convolution& options,
                                           std::span<const std::int64_t> output_padding,
                                           const Shape& out, const Shape& kernel);

/// The shapes with `spatial` axes that the sizes describe.
Shape in_shape(const kernels::ConvolutionSizes& sizes, int spatial);
Shape out_shape(const kernels::ConvolutionSizes& sizes, int spatial);

}  // namespace dagrad
