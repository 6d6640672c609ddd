#include <immintrin.h>

#include "src/tensor/gemm_blocks.hpp"

namespace dagrad::kernels {

namespace {

/// A mask with all bits set in the first `n` of eight 32-bit lanes.
__m256i first(Index n) {
  alignas(32) static constexpr int ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(ones + 8 - n));
}

struct Floats {
  using T = float;
  using V = __m256;
  static constexpr int lanes = 8, rows = 6, vectors = 2;
  static constexpr bool loads_parts = false;

  static V zero() { return _mm256_setzero_ps(); }
  static V broadcast(T a) { return _mm256_set1_ps(a); }
  static V load(const T* from) { return _mm256_loadu_ps(from); }
  static V load(const T* from, Index n) { return _mm256_maskload_ps(from, first(n)); }
  static void store(T* to, V v) { _mm256_storeu_ps(to, v); }
  static void store(T* to, V v, Index n) { _mm256_maskstore_ps(to, first(n), v); }
  static V add(V a, V b) { return _mm256_add_ps(a, b); }
  static V multiply_add(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
  static T add(T a, T b) { return a + b; }
  static T multiply_add(T a, T b, T c) { return __builtin_fmaf(a, b, c); }

  static void transpose(V (&square)[8]) {
    V pairs[8], fours[8];
    for (int i = 0; i < 8; i += 2) {
      pairs[i] = _mm256_unpacklo_ps(square[i], square[i + 1]);
      pairs[i + 1] = _mm256_unpackhi_ps(square[i], square[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
      fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
      fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xEE);
      fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
      fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xEE);
    }
    for (int i = 0; i < 4; ++i) {
      square[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
      square[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
    }
  }
};

struct Doubles {
  using T = double;
  using V = __m256d;
  static constexpr int lanes = 4, rows = 6, vectors = 2;
  static constexpr bool loads_parts = false;

  static V zero() { return _mm256_setzero_pd(); }
  static V broadcast(T a) { return _mm256_set1_pd(a); }
  static V load(const T* from) { return _mm256_loadu_pd(from); }
  static V load(const T* from, Index n) { return _mm256_maskload_pd(from, first(2 * n)); }
  static void store(T* to, V v) { _mm256_storeu_pd(to, v); }
  static void store(T* to, V v, Index n) { _mm256_maskstore_pd(to, first(2 * n), v); }
  static V add(V a, V b) { return _mm256_add_pd(a, b); }
  static V multiply_add(V a, V b, V c) { return _mm256_fmadd_pd(a, b, c); }
  static T add(T a, T b) { return a + b; }
  static T multiply_add(T a, T b, T c) { return __builtin_fma(a, b, c); }

  static void transpose(V (&square)[4]) {
    V pairs[4];
    for (int i = 0; i < 4; i += 2) {
      pairs[i] = _mm256_unpacklo_pd(square[i], square[i + 1]);
      pairs[i + 1] = _mm256_unpackhi_pd(square[i], square[i + 1]);
    }
    for (int i = 0; i < 2; ++i) {
      square[i] = _mm256_permute2f128_pd(pairs[i], pairs[i + 2], 0x20);
      square[i + 2] = _mm256_permute2f128_pd(pairs[i], pairs[i + 2], 0x31);
    }
  }
};

}  // namespace

template <>
Multiply<float> multiply_avx2() {
  return Blocks<Floats>::functions();
}
template <>
Multiply<double> multiply_avx2() {
  return Blocks<Doubles>::functions();
}

}  // namespace dagrad::kernels
