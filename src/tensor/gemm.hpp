#pragma once

#include <cstdint>

#include "dagrad/kernels/gemm.hpp"

namespace dagrad::kernels {

/// The epilogue of a part of a product, which begins at a row and a column of the whole.
struct PartEpilogue {
  void (*call)(const void* body, std::int64_t row, std::int64_t column, std::int64_t rows,
               std::int64_t columns) = nullptr;  ///< null if there is none
  const void* body = nullptr;
  std::int64_t row = 0, column = 0;
};

/// The product c = a · b or c = c + a · b. No matrix is empty.
template <class T>
struct Product {
  std::int64_t m = 0, n = 0, k = 0;
  Matrix<const T> a, b;
  Matrix<T> c;
  bool accumulate = false;
  PartEpilogue epilogue = {};
};

/// The part of a matrix, or of what follows it, that begins at a row and a column. It is static
/// because sources compiled for different instruction sets must not share code.
template <class T>
static Matrix<T> from(Matrix<T> matrix, std::int64_t row, std::int64_t column) {
  matrix.data += matrix.transposed ? column * matrix.stride + row : row * matrix.stride + column;
  return matrix;
}
static inline PartEpilogue from(PartEpilogue epilogue, std::int64_t row, std::int64_t column) {
  epilogue.row += row;
  epilogue.column += column;
  return epilogue;
}
/// Runs the epilogue of the first rows and columns of a part.
static inline void follow_up(const PartEpilogue& epilogue, std::int64_t rows,
                             std::int64_t columns) {
  if (epilogue.call != nullptr)
    epilogue.call(epilogue.body, epilogue.row, epilogue.column, rows, columns);
}

/// The product on one thread, in code for one instruction set.
template <class T>
struct Multiply {
  void (*small)(const Product<T>& product) = nullptr;  ///< for k of at most one block
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
