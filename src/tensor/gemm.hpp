#pragma once

#include <cstdint>

#include "dagrad/kernels/gemm.hpp"

namespace dagrad::kernels {

/// c = a · b, or c + a · b; not empty, k > 0.
template <class T>
struct Product {
  std::int64_t m = 0, n = 0, k = 0;
  Matrix<const T> a, b;
  Matrix<T> c;
  bool accumulate = false;
};

/// A matrix without what lies above a row and left of a column. Of each source its own, since they
/// are compiled for different instruction sets.
template <class T>
static Matrix<T> from(Matrix<T> matrix, std::int64_t row, std::int64_t column) {
  matrix.data += matrix.transposed ? column * matrix.stride + row : row * matrix.stride + column;
  return matrix;
}

/// The product of one thread, by the code for one instruction set.
template <class T>
struct Multiply {
  void (*small)(const Product<T>& product) = nullptr;  ///< k of at most one block
  void (*large)(const Product<T>& product, T* scratch) = nullptr;
  std::int64_t scratch = 0;  ///< elements
};

template <class T>
Multiply<T> multiply_plain();
#if defined(__x86_64__)
template <class T>
Multiply<T> multiply_avx2();
template <class T>
Multiply<T> multiply_avx512();
#endif

}  // namespace dagrad::kernels
