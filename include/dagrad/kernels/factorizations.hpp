#pragma once

#include <cstdint>

#include "dagrad/machine.hpp"
#include "dagrad/parallel.hpp"

/// Factorisations of dense row-major matrices of float or double, and solving with them. They use
/// LAPACK if dagrad is built with it and the machine has the best available instruction set, else
/// loops of dagrad's own. Sizes must not be negative; `stride` is the number of elements from one
/// stored row to the next. Results have the same bits for any number of threads.
namespace dagrad::kernels {

/// Which triangle of a matrix is used, and how.
struct Triangle {
  bool lower = true;
  bool transposed = false;     ///< solves with the transpose of the stored triangle
  bool unit_diagonal = false;  ///< the diagonal counts as ones and is not read
};

/// Replaces the lower triangle of a symmetric matrix a[n,n] with its Cholesky factor L, a = L·Lᵀ;
/// elements above the diagonal are neither read nor written. Returns 0 on success, else the order
/// of the first leading minor that is not positive (or is NaN); the triangle is then undefined.
template <class T>
std::int64_t cholesky(const Machine& machine, std::int64_t n, T* a, std::int64_t stride);

/// Replaces b[n,columns] with the solution x of a·x = b, where a is a triangle of a[n,n].
template <class T>
void triangular_solve(const Machine& machine, const Parallel& parallel, std::int64_t n,
                      std::int64_t columns, Triangle triangle, const T* a, std::int64_t a_stride,
                      T* b, std::int64_t b_stride);

/// Replaces a[n,n] with L and U of a = L·U·P, where L is lower triangular and U is upper triangular
/// with a unit diagonal, by partial pivoting of columns: step i swaps columns i and pivots[i].
/// Returns 0 on success, else the number of the first pivot that is 0, counted from 1.
template <class T>
std::int64_t lu(const Machine& machine, std::int64_t n, T* a, std::int64_t stride,
                std::int32_t* pivots);

/// Replaces b[n,columns] with the solution x of a·x = b or aᵀ·x = b, given the factors and pivots
/// from `lu`.
template <class T>
void lu_solve(const Machine& machine, const Parallel& parallel, std::int64_t n,
              std::int64_t columns, bool transposed, const T* factors, std::int64_t stride,
              const std::int32_t* pivots, T* b, std::int64_t b_stride);

}  // namespace dagrad::kernels
