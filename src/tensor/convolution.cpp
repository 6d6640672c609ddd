#include "src/tensor/convolution.hpp"

namespace dagrad::kernels {

double ConvolutionSizes::work() const {
  return static_cast<double>(batch * out_channels * out_pixels()) *
         static_cast<double>(in_channels / groups * taps());
}

std::shared_ptr<const ConvolutionKernel> convolution(const Machine& machine,
                                                     ConvolutionResult result, DType dtype,
                                                     const ConvolutionSizes& sizes) {
#if DAGRAD_ONEDNN
  if (machine.is_best() && dtype == f32 && sizes.work() > 0)
    if (auto kernel = onednn_convolution(result, sizes)) return kernel;
#endif
  return columns_convolution(machine, result, dtype, sizes);
}

}  // namespace dagrad::kernels
