#pragma once

#include <cstdint>

#include "dagrad/machine.hpp"
#include "dagrad/parallel.hpp"

/// Factorisations of dense row-major matrices of float or double, and solving with them: LAPACK's
/// where dagrad is built with it and the machine has the best instruction set there is, else loops
/// of dagrad's own. No size may be negative; `stride` elements lie from one stored row to the next.
/// The same bits for any number of threads.
namespace dagrad::kernels {

/// Which half of a matrix is read, and how.
struct Triangle {
  bool lower = true;
  bool transposed = false;     ///< what is solved with is the transpose of what is stored
  bool unit_diagonal = false;  ///< the diagonal is taken as ones and not read
};

/// The lower triangle of a symmetric [n,n] becomes its Cholesky factor L, a = L·Lᵀ; what lies above
/// is neither read nor written. Returns 0, or the order of the first leading minor that is not
/// positive; a NaN is not. The triangle is then of no use.
template <class T>
std::int64_t cholesky(const Machine& machine, std::int64_t n, T* a, std::int64_t stride);

/// b[n,columns] becomes x with a·x = b, a the triangle of [n,n].
template <class T>
void triangular_solve(const Machine& machine, const Parallel& parallel, std::int64_t n,
                      std::int64_t columns, Triangle triangle, const T* a, std::int64_t a_stride,
                      T* b, std::int64_t b_stride);

/// a[n,n] becomes L and U of a = L·U·P, L lower with its diagonal, U upper with ones there, by
/// partial pivoting of columns: step i swapped columns i and pivots[i]. Returns 0, or the order of
/// the first pivot that is 0, counted from 1.
template <class T>
std::int64_t lu(const Machine& machine, std::int64_t n, T* a, std::int64_t stride,
                std::int32_t* pivots);

/// b[n,columns] becomes x with a·x = b, or aᵀ·x = b, by what `lu` made of a.
template <class T>
void lu_solve(const Machine& machine, const Parallel& parallel, std::int64_t n,
              std::int64_t columns, bool transposed, const T* factors, std::int64_t stride,
              const std::int32_t* pivots, T* b, std::int64_t b_stride);

}  // namespace dagrad::kernels
