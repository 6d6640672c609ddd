#pragma once

#include <cstdint>

#include "dagrad/kernels/factorizations.hpp"

/// The implementations behind the public kernels: the same functions twice, for one thread and n >
/// 0.
namespace dagrad::kernels {

namespace plain {
template <class T>
std::int64_t cholesky(std::int64_t n, T* a, std::int64_t stride);
template <class T>
void triangular_solve(std::int64_t n, std::int64_t columns, Triangle triangle, const T* a,
                      std::int64_t a_stride, T* b, std::int64_t b_stride);
template <class T>
std::int64_t lu(std::int64_t n, T* a, std::int64_t stride, std::int32_t* pivots);
}  // namespace plain

namespace lapack {
template <class T>
std::int64_t cholesky(std::int64_t n, T* a, std::int64_t stride);
template <class T>
void triangular_solve(std::int64_t n, std::int64_t columns, Triangle triangle, const T* a,
                      std::int64_t a_stride, T* b, std::int64_t b_stride);
template <class T>
std::int64_t lu(std::int64_t n, T* a, std::int64_t stride, std::int32_t* pivots);
}  // namespace lapack

}  // namespace dagrad::kernels
