#pragma once

#include <memory>

#include "dagrad/kernels/convolution.hpp"

/// What the public kernels are made of.
namespace dagrad::kernels {

/// Matrix products of gathered columns (im2col), for any sizes, zero included.
std::shared_ptr<const ConvolutionKernel> columns_convolution(const Machine& machine,
                                                             ConvolutionResult result, DType dtype,
                                                             const ConvolutionSizes& sizes);

/// oneDNN's of float32, by the best instruction set there is, each call on one thread; null where
/// it has no kernel that is worth while.
std::shared_ptr<const ConvolutionKernel> onednn_convolution(ConvolutionResult result,
                                                            const ConvolutionSizes& sizes);

}  // namespace dagrad::kernels
