#include <algorithm>
#include <cmath>

#include "src/tensor/factorizations.hpp"

/// Works by rows, so that inner loops run along contiguous memory.
namespace dagrad::kernels::plain {

namespace {

/// to ← to − factor·from, for n elements.
template <class T>
void subtract(T* to, T factor, const T* from, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) to[i] -= factor * from[i];
}

}  // namespace

template <class T>
std::int64_t cholesky(std::int64_t n, T* a, std::int64_t stride) {
  for (std::int64_t i = 0; i < n; ++i) {
    T* const row = a + i * stride;
    for (std::int64_t j = 0; j <= i; ++j) {
      const T* const other = a + j * stride;
      T sum = row[j];
      for (std::int64_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      if (j < i) {
        row[j] = sum / other[j];
      } else if (!(sum > 0)) {
        return i + 1;
      } else {
        row[i] = std::sqrt(sum);
      }
    }
  }
  return 0;
}

template <class T>
void triangular_solve(std::int64_t n, std::int64_t columns, Triangle triangle, const T* a,
                      std::int64_t a_stride, T* b, std::int64_t b_stride) {
  const bool forward = triangle.lower != triangle.transposed;
  for (std::int64_t step = 0; step < n; ++step) {
    const std::int64_t i = forward ? step : n - 1 - step;
    T* const row = b + i * b_stride;
    for (std::int64_t k = forward ? 0 : i + 1; k < (forward ? i : n); ++k) {
      const T factor = triangle.transposed ? a[k * a_stride + i] : a[i * a_stride + k];
      subtract(row, factor, b + k * b_stride, columns);
    }
    if (triangle.unit_diagonal) continue;
    const T pivot = a[i * a_stride + i];
    for (std::int64_t j = 0; j < columns; ++j) row[j] /= pivot;
  }
}

template <class T>
std::int64_t lu(std::int64_t n, T* a, std::int64_t stride, std::int32_t* pivots) {
  std::int64_t zero = 0;
  for (std::int64_t k = 0; k < n; ++k) {
    T* const row = a + k * stride;
    const auto larger = [](T x, T y) { return std::abs(x) < std::abs(y); };
    const std::int64_t pivot = std::max_element(row + k, row + n, larger) - row;
    pivots[k] = static_cast<std::int32_t>(pivot);
    if (row[pivot] == 0) {
      if (zero == 0) zero = k + 1;
      continue;
    }
    for (std::int64_t i = 0; i < n; ++i) std::swap(a[i * stride + k], a[i * stride + pivot]);
    for (std::int64_t j = k + 1; j < n; ++j) row[j] /= row[k];
    for (std::int64_t i = k + 1; i < n; ++i) {
      T* const below = a + i * stride;
      subtract(below + k + 1, below[k], row + k + 1, n - k - 1);
    }
  }
  return zero;
}

template std::int64_t cholesky(std::int64_t, float*, std::int64_t);
template void triangular_solve(std::int64_t, std::int64_t, Triangle, const float*, std::int64_t,
                               float*, std::int64_t);
template std::int64_t lu(std::int64_t, float*, std::int64_t, std::int32_t*);
template std::int64_t cholesky(std::int64_t, double*, std::int64_t);
template void triangular_solve(std::int64_t, std::int64_t, Triangle, const double*, std::int64_t,
                               double*, std::int64_t);
template std::int64_t lu(std::int64_t, double*, std::int64_t, std::int32_t*);

}  // namespace dagrad::kernels::plain
