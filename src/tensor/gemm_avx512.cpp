#include <immintrin.h>

#include "src/tensor/gemm_blocks.hpp"

namespace dagrad::kernels {

namespace {

/// Elements of two vectors, by quarters of 16 bytes: the even quarters of both, and the odd ones.
__m512 even_quarters(__m512 a, __m512 b) {
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
}
__m512 odd_quarters(__m512 a, __m512 b) {
  return __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}

/// Transposes a square of quarters: row i becomes column i.
void transpose_quarters(__m512& a, __m512& b, __m512& c, __m512& d) {
  const __m512 even_ab = even_quarters(a, b), even_cd = even_quarters(c, d);  // a0 a2 b0 b2
  const __m512 odd_ab = odd_quarters(a, b), odd_cd = odd_quarters(c, d);
  a = even_quarters(even_ab, even_cd);
  b = even_quarters(odd_ab, odd_cd);
  c = odd_quarters(even_ab, even_cd);
  d = odd_quarters(odd_ab, odd_cd);
}

struct Floats {
  using T = float;
  using V = __m512;
  static constexpr int lanes = 16, rows = 12, vectors = 2;
  static constexpr bool loads_parts = true;

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

  static void transpose(V (&square)[16]) {
    V pairs[16];
    for (int i = 0; i < 16; i += 2) {
      const V a = square[i], b = square[i + 1];
      pairs[i] =
          __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
      pairs[i + 1] =
          __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    }
    for (int i = 0; i < 16; i += 4) {
      for (int j = 0; j < 2; ++j) {
        const V a = pairs[i + j], b = pairs[i + j + 2];
        square[i + 2 * j] =
            __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        square[i + 2 * j + 1] = __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11,
                                                        26, 27, 14, 15, 30, 31);
      }
    }
    for (int i = 0; i < 4; ++i)
      transpose_quarters(square[i], square[i + 4], square[i + 8], square[i + 12]);
  }
};

struct Doubles {
  using T = double;
  using V = __m512d;
  static constexpr int lanes = 8, rows = 12, vectors = 2;
  static constexpr bool loads_parts = true;

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

  static void transpose(V (&square)[8]) {
    __m512 pairs[8];
    for (int i = 0; i < 8; i += 2) {
      const V a = square[i], b = square[i + 1];
      pairs[i] = reinterpret_cast<__m512>(__builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14));
      pairs[i + 1] =
          reinterpret_cast<__m512>(__builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15));
    }
    for (int i = 0; i < 2; ++i)
      transpose_quarters(pairs[i], pairs[i + 2], pairs[i + 4], pairs[i + 6]);
    for (int i = 0; i < 8; ++i) square[i] = reinterpret_cast<V>(pairs[i]);
  }
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
