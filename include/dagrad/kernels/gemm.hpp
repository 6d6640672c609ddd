#pragma once

#include <cstdint>

#include "dagrad/machine.hpp"
#include "dagrad/parallel.hpp"

/// The big kernels that ops are built of. They are called with the machine, whose instruction set
/// they use, and, where work can be divided, with what divides it: the pool of the run, or `Inline`
/// inside of a task. The same bits for any number of threads.
namespace dagrad::kernels {

/// One operand of a matrix product: row-major; `stride` elements from one stored row to the next,
/// at least as many as a row has.
template <class T>
struct Matrix {
  T* data = nullptr;
  std::int64_t stride = 0;
  bool transposed = false;  ///< the product takes the transpose of what is stored; never so for c
};

/// c[m,n] = a[m,k] · b[k,n], or c + a · b where `accumulate`; k = 0 gives zeros. For float, double,
/// int32 and int64; integers wrap. c may not overlap a or b; data may be null where nothing is
/// stored.
///
/// An element is summed in the order of k, in blocks of 256 whose sums are added up, each step
/// fused with AVX2 and AVX-512: the same bits whatever the other rows and columns,
/// strides, transposes and threads. No zero is skipped, so NaN and infinities reach the result.
template <class T>
void gemm(const Machine& machine, const Parallel& parallel, std::int64_t m, std::int64_t n,
          std::int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c,
          bool accumulate = false);

}  // namespace dagrad::kernels
