#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dagrad/dtype.hpp"
#include "dagrad/machine.hpp"
#include "dagrad/parallel.hpp"

/// Convolutions of float32 and float64: oneDNN's of float32 where dagrad is built with it and the
/// machine has the best instruction set there is, else matrix products of gathered columns. The
/// same bits for any number of threads.
namespace dagrad::kernels {

/// Sizes of out[batch, out_channels, …] = in[batch, in_channels, …] ∗ kernel[out_channels,
/// in_channels / groups, …], which must fit one another; height and width are at 0 and 1.
struct ConvolutionSizes {
  std::int64_t batch = 0, groups = 1, in_channels = 0, out_channels = 0;
  std::array<std::int64_t, 2> in{}, kernel{}, out{}, stride{1, 1}, padding{}, dilation{1, 1};

  std::int64_t taps() const { return kernel[0] * kernel[1]; }
  std::int64_t in_pixels() const { return in[0] * in[1]; }
  std::int64_t out_pixels() const { return out[0] * out[1]; }
  /// Multiplications of each of the three.
  double work() const;
};

/// Which of the three is computed from the other two: the value, and what of the output's cotangent
/// comes back to the input and to the kernel.
enum class ConvolutionResult { out, in, kernel };

/// One of them, made ready for its sizes. Immutable: any number of threads may run it at once.
class ConvolutionKernel {
 public:
  virtual ~ConvolutionKernel() = default;
  /// Bytes that a run works in, aligned to 64.
  virtual std::size_t scratch() const = 0;
  /// Overwrites `result`. `first` and `second` are the others in the order in, kernel, out.
  virtual void run(const Parallel& parallel, const void* first, const void* second, void* result,
                   void* scratch) const = 0;
};

/// Of float32 or float64, for that machine.
std::shared_ptr<const ConvolutionKernel> convolution(const Machine& machine,
                                                     ConvolutionResult result, DType dtype,
                                                     const ConvolutionSizes& sizes);

}  // namespace dagrad::kernels
