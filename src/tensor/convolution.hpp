#pragma once

#include <memory>

#include "dagrad/kernels/convolution.hpp"

/// The implementations behind the public kernels.
namespace dagrad::kernels {

/// Matrix products of gathered columns (im2col), for any sizes, zero included.
std::shared_ptr<const ConvolutionKernel> columns_convolution(const Machine& machine,
                                                             ConvolutionResult result, DType dtype,
                                                             const ConvolutionSizes& sizes);

/// A float32 convolution by oneDNN, with the best instruction set of this machine and one thread
/// for each call. Null if oneDNN has no fast kernel for these sizes.
std::shared_ptr<const ConvolutionKernel> onednn_convolution(ConvolutionResult result,
                                                            const ConvolutionSizes& sizes);

}  // namespace dagrad::kernels
