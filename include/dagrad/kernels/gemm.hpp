#pragma once

#include <cstdint>

#include "dagrad/machine.hpp"
#include "dagrad/parallel.hpp"

/// Matrix products. Kernels take the Machine whose instruction set they use and, if their work can
/// be divided, a Parallel to divide it: the pool of the run, or `Inline` inside a task. Results
/// have the same bits for any number of threads.
namespace dagrad::kernels {

/// A matrix of a product, row-major. `stride` is the number of elements from one stored row to the
/// next, which is at least the length of a row.
template <class T>
struct Matrix {
  T* data = nullptr;
  std::int64_t stride = 0;
  bool transposed = false;  ///< uses the transpose of the stored matrix; must be false for c
};

/// Computes c[m,n] = a[m,k] · b[k,n], or c + a · b if `accumulate` is set; k = 0 gives a product of
/// zeros. For float, double, int32 and int64, where integers wrap around. c must not overlap a or
/// b; data may be null if a matrix has no elements.
///
/// Elements are summed in the order of k, in blocks of 256 whose sums are then added, with fused
/// multiply-add on AVX2 and AVX-512. The bits of an element do not depend on other rows and
/// columns, strides, transposes or threads. Zeros are not skipped, so NaN and infinities reach the
/// result.
template <class T>
void gemm(const Machine& machine, const Parallel& parallel, std::int64_t m, std::int64_t n,
          std::int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c,
          bool accumulate = false);

}  // namespace dagrad::kernels
