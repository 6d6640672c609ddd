#include <cblas.h>

#include <mutex>
#include <type_traits>

#include "src/tensor/factorizations.hpp"

// NOLINTBEGIN(readability-identifier-naming): the names are LAPACK's.
extern "C" {
void spotrf_(const char*, const blasint*, float*, const blasint*, blasint*);
void dpotrf_(const char*, const blasint*, double*, const blasint*, blasint*);
void sgetrf_(const blasint*, const blasint*, float*, const blasint*, blasint*, blasint*);
void dgetrf_(const blasint*, const blasint*, double*, const blasint*, blasint*, blasint*);
}
// NOLINTEND(readability-identifier-naming)

/// LAPACK sees a row-major matrix as its transpose: our lower triangle is its upper one, and rows
/// that it pivots are columns here. Nothing is copied.
namespace dagrad::kernels::lapack {

namespace {

/// Debian's serial flavour uses a single buffer for all calls, so two calls at once would corrupt
/// each other.
std::mutex one_at_a_time;

}  // namespace

template <class T>
std::int64_t cholesky(std::int64_t n, T* a, std::int64_t stride) {
  const auto size = static_cast<blasint>(n), lead = static_cast<blasint>(stride);
  blasint failed = 0;
  const std::scoped_lock lock(one_at_a_time);
  if constexpr (std::is_same_v<T, float>) {
    spotrf_("U", &size, a, &lead, &failed);
  } else {
    dpotrf_("U", &size, a, &lead, &failed);
  }
  if (failed != 0) return failed;
  for (std::int64_t i = 0; i < n; ++i)  // some of its kernels overlook NaN
    if (!(a[i * stride + i] > 0)) return i + 1;
  return 0;
}

template <class T>
void triangular_solve(std::int64_t n, std::int64_t columns, Triangle triangle, const T* a,
                      std::int64_t a_stride, T* b, std::int64_t b_stride) {
  const std::scoped_lock lock(one_at_a_time);
  const auto solve = [&](auto trsm) {
    trsm(CblasRowMajor, CblasLeft, triangle.lower ? CblasLower : CblasUpper,
         triangle.transposed ? CblasTrans : CblasNoTrans,
         triangle.unit_diagonal ? CblasUnit : CblasNonUnit, static_cast<blasint>(n),
         static_cast<blasint>(columns), T(1), a, static_cast<blasint>(a_stride), b,
         static_cast<blasint>(b_stride));
  };
  if constexpr (std::is_same_v<T, float>) {
    solve(cblas_strsm);
  } else {
    solve(cblas_dtrsm);
  }
}

template <class T>
std::int64_t lu(std::int64_t n, T* a, std::int64_t stride, std::int32_t* pivots) {
  static_assert(std::is_same_v<blasint, std::int32_t>);
  const auto size = static_cast<blasint>(n), lead = static_cast<blasint>(stride);
  blasint zero = 0;
  const std::scoped_lock lock(one_at_a_time);
  if constexpr (std::is_same_v<T, float>) {
    sgetrf_(&size, &size, a, &lead, pivots, &zero);
  } else {
    dgetrf_(&size, &size, a, &lead, pivots, &zero);
  }
  for (std::int64_t i = 0; i < n; ++i) --pivots[i];  // LAPACK counts from 1
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

}  // namespace dagrad::kernels::lapack
