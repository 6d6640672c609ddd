#pragma once

#include <cstdint>
#include <memory>

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

/// What follows a product: `body(row, column, rows, columns)` is called for each part of c as soon
/// as it is computed and while it lies in a cache, by the thread that has computed it. Each element
/// is in one part. The body may read and overwrite its part of c, and must not throw. It is not
/// copied, so it has to outlive the product.
class Epilogue {
 public:
  Epilogue() = default;
  template <class F>
  explicit Epilogue(const F& body)
      : call_([](const void* context, std::int64_t row, std::int64_t column, std::int64_t rows,
                 std::int64_t columns) {
          (*static_cast<const F*>(context))(row, column, rows, columns);
        }),
        body_(std::addressof(body)) {}

  explicit operator bool() const { return call_ != nullptr; }
  void operator()(std::int64_t row, std::int64_t column, std::int64_t rows,
                  std::int64_t columns) const {
    call_(body_, row, column, rows, columns);
  }

 private:
  void (*call_)(const void*, std::int64_t, std::int64_t, std::int64_t, std::int64_t) = nullptr;
  const void* body_ = nullptr;
};

/// Computes c[m,n] = a[m,k] · b[k,n], or c + a · b if `accumulate` is set; k = 0 gives a product of
/// zeros. For float, double, int32 and int64, where integers wrap around. c must not overlap a or
/// b; data may be null if a matrix has no elements.
///
/// Elements are summed in the order of k, in blocks of 256 whose sums are then added, with fused
/// multiply-add on AVX2 and AVX-512. The bits of an element do not depend on other rows and
/// columns, strides, transposes or threads. Zeros are not skipped, so NaN and infinities reach the
/// result.
///
/// An epilogue runs on c after the product.
template <class T>
void gemm(const Machine& machine, const Parallel& parallel, std::int64_t m, std::int64_t n,
          std::int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c,
          bool accumulate = false, const Epilogue& epilogue = {});

}  // namespace dagrad::kernels
