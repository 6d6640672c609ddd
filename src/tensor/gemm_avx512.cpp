#include <immintrin.h>

#include "src/tensor/gemm_blocks.hpp"

namespace dagrad::kernels {

namespace {

struct Floats {
  using T = float;
  using V = __m512;
  static constexpr int lanes = 16, rows = 8, vectors = 2;

  static __mmask16 first(Index n) { return static_cast<__mmask16>((1U << n) - 1); }
  static V zero() { return _mm512_setzero_ps(); }
  static V broadcast(T a) { return _mm512_set1_ps(a); }
  static V load(const T* from) { return _mm512_loadu_ps(from); }
  static V load(const T* from, Index n) { return _mm512_maskz_loadu_ps(first(n), from); }
  static void store(T* to, V v) { _mm512_storeu_ps(to, v); }
  static void store(T* to, V v, Index n) { _mm512_mask_storeu_ps(to, first(n), v); }
  static V add(V a, V b) { return _mm512_add_ps(a, b); }
  static V multiply_add(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
  static T add(T a, T b) { return a + b; }
  static T multiply_add(T a, T b, T c) { return __builtin_fmaf(a, b, c); }
};

struct Doubles {
  using T = double;
  using V = __m512d;
  static constexpr int lanes = 8, rows = 8, vectors = 2;

  static __mmask8 first(Index n) { return static_cast<__mmask8>((1U << n) - 1); }
  static V zero() { return _mm512_setzero_pd(); }
  static V broadcast(T a) { return _mm512_set1_pd(a); }
  static V load(const T* from) { return _mm512_loadu_pd(from); }
  static V load(const T* from, Index n) { return _mm512_maskz_loadu_pd(first(n), from); }
  static void store(T* to, V v) { _mm512_storeu_pd(to, v); }
  static void store(T* to, V v, Index n) { _mm512_mask_storeu_pd(to, first(n), v); }
  static V add(V a, V b) { return _mm512_add_pd(a, b); }
  static V multiply_add(V a, V b, V c) { return _mm512_fmadd_pd(a, b, c); }
  static T add(T a, T b) { return a + b; }
  static T multiply_add(T a, T b, T c) { return __builtin_fma(a, b, c); }
};

}  // namespace

template <>
Multiply<float> multiply_avx512() {
  return Blocks<Floats>::functions();
}
template <>
Multiply<double> multiply_avx512() {
  return Blocks<Doubles>::functions();
}

}  // namespace dagrad::kernels
