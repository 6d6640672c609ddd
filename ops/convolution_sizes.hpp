#pragma once

#include "dagrad/ops/convolution.hpp"

/// What convolutions infer.
namespace dagrad {

/// An option's numbers, at least `least`, one for each spatial axis; `unused` stands where there is
/// no axis.
std::array<std::int64_t, 2> spatial_numbers(const char* name, std::span<const std::int64_t> given,
                                            int spatial, std::int64_t least, std::int64_t unused);

/// Sizes of a convolution of an input with a kernel. Throws what the builders say.
kernels::ConvolutionSizes convolution_sizes(const Convolution& options, const Shape& in,
                                            const Shape& kernel);
/// Sizes of the convolution whose output is `out` and whose input has the size that follows from
/// its output padding.
kernels::ConvolutionSizes transposed_sizes(const Convolution& options,
                                           std::span<const std::int64_t> output_padding,
                                           const Shape& out, const Shape& kernel);

/// The shapes of `spatial` axes that sizes stand for.
Shape in_shape(const kernels::ConvolutionSizes& sizes, int spatial);
Shape out_shape(const kernels::ConvolutionSizes& sizes, int spatial);

}  // namespace dagrad
