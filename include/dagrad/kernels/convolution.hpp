#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dagrad/dtype.hpp"
#include "dagrad/machine.hpp"
#include "dagrad/parallel.hpp"

/// Convolutions of float32 and float64. Those of float32 use oneDNN if dagrad is built with it and
/// the machine has the best available instruction set; all others are matrix products of gathered
/// columns. Results have the same bits for any number of threads.
namespace dagrad::kernels {

/// Sizes of out[batch, out_channels, …] = in[batch, in_channels, …] ∗ kernel[out_channels,
/// in_channels / groups, …], which must be consistent. In arrays, height is at 0 and width at 1.
struct ConvolutionSizes {
  std::int64_t batch = 0, groups = 1, in_channels = 0, out_channels = 0;
  std::array<std::int64_t, 2> in{}, kernel{}, out{}, stride{1, 1}, padding{}, dilation{1, 1};

  std::int64_t taps() const { return kernel[0] * kernel[1]; }
  std::int64_t in_pixels() const { return in[0] * in[1]; }
  std::int64_t out_pixels() const { return out[0] * out[1]; }
  /// The number of multiplications, which is the same for all three results.
  double work() const;
};

/// Which of the three tensors is computed from the other two: the output, or the cotangent of the
/// input or the kernel from that of the output.
enum class ConvolutionResult { out, in, kernel };

/// A convolution prepared for given sizes. It is immutable, so any number of threads may run it at
/// once.
class ConvolutionKernel {
 public:
  virtual ~ConvolutionKernel() = default;
  /// Bytes of scratch memory for a run, to be aligned to 64.
  virtual std::size_t scratch() const = 0;
  /// Computes `result`. `first` and `second` are the other two tensors in the order in, kernel,
  /// out.
  virtual void run(const Parallel& parallel, const void* first, const void* second, void* result,
                   void* scratch) const = 0;
};

/// Prepares a convolution of float32 or float64 for a machine.
std::shared_ptr<const ConvolutionKernel> convolution(const Machine& machine,
                                                     ConvolutionResult result, DType dtype,
                                                     const ConvolutionSizes& sizes);

}  // namespace dagrad::kernels
