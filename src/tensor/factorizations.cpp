#include "src/tensor/factorizations.hpp"

#include <algorithm>

namespace dagrad::kernels {

namespace {

/// OpenBLAS chooses the best instruction set itself, so it is used only by Machines that have that
/// set.
constexpr bool has_lapack = DAGRAD_OPENBLAS;

}  // namespace

template <class T>
std::int64_t cholesky(const Machine& machine, std::int64_t n, T* a, std::int64_t stride) {
  if (n == 0) return 0;
  if constexpr (has_lapack)
    if (machine.is_best()) return lapack::cholesky(n, a, stride);
  return plain::cholesky(n, a, stride);
}

template <class T>
void triangular_solve(const Machine& machine, const Parallel& parallel, std::int64_t n,
                      std::int64_t columns, Triangle triangle, const T* a, std::int64_t a_stride,
                      T* b, std::int64_t b_stride) {
  if (n == 0) return;
  auto* solve = &plain::triangular_solve<T>;
  if constexpr (has_lapack)
    if (machine.is_best()) solve = &lapack::triangular_solve<T>;
  const std::int64_t grain = std::max<std::int64_t>(64, (1 << 22) / (n * n));
  parallel.ranges(columns, grain, [&](std::int64_t begin, std::int64_t end) {
    solve(n, end - begin, triangle, a, a_stride, b + begin, b_stride);
  });
}

template <class T>
std::int64_t lu(const Machine& machine, std::int64_t n, T* a, std::int64_t stride,
                std::int32_t* pivots) {
  if (n == 0) return 0;
  if constexpr (has_lapack)
    if (machine.is_best()) return lapack::lu(n, a, stride, pivots);
  return plain::lu(n, a, stride, pivots);
}

// a = L·U·P, so P's swaps come last; its transpose is Pᵀ·Uᵀ·Lᵀ, so they come first.
template <class T>
void lu_solve(const Machine& machine, const Parallel& parallel, std::int64_t n,
              std::int64_t columns, bool transposed, const T* factors, std::int64_t stride,
              const std::int32_t* pivots, T* b, std::int64_t b_stride) {
  const auto swap = [&](std::int64_t i) {
    if (pivots[i] == i) return;
    std::swap_ranges(b + i * b_stride, b + i * b_stride + columns, b + pivots[i] * b_stride);
  };
  const auto solve = [&](const Triangle& triangle) {
    triangular_solve(machine, parallel, n, columns, triangle, factors, stride, b, b_stride);
  };
  const Triangle l{.lower = true, .transposed = transposed};
  const Triangle u{.lower = false, .transposed = transposed, .unit_diagonal = true};
  if (transposed) {
    for (std::int64_t i = 0; i < n; ++i) swap(i);
    solve(u);
    solve(l);
  } else {
    solve(l);
    solve(u);
    for (std::int64_t i = n; i-- > 0;) swap(i);
  }
}

template std::int64_t cholesky(const Machine&, std::int64_t, float*, std::int64_t);
template void triangular_solve(const Machine&, const Parallel&, std::int64_t, std::int64_t,
                               Triangle, const float*, std::int64_t, float*, std::int64_t);
template std::int64_t lu(const Machine&, std::int64_t, float*, std::int64_t, std::int32_t*);
template void lu_solve(const Machine&, const Parallel&, std::int64_t, std::int64_t, bool,
                       const float*, std::int64_t, const std::int32_t*, float*, std::int64_t);
template std::int64_t cholesky(const Machine&, std::int64_t, double*, std::int64_t);
template void triangular_solve(const Machine&, const Parallel&, std::int64_t, std::int64_t,
                               Triangle, const double*, std::int64_t, double*, std::int64_t);
template std::int64_t lu(const Machine&, std::int64_t, double*, std::int64_t, std::int32_t*);
template void lu_solve(const Machine&, const Parallel&, std::int64_t, std::int64_t, bool,
                       const double*, std::int64_t, const std::int32_t*, double*, std::int64_t);

}  // namespace dagrad::kernels
