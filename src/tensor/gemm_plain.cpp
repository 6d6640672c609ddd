#include <type_traits>

#include "src/tensor/gemm_blocks.hpp"

namespace dagrad::kernels {

namespace {

template <class Number>
struct Unsigned {
  using type = std::make_unsigned_t<Number>;  // unsigned, so that integers wrap around
};
template <>
struct Unsigned<float> {
  using type = float;
};
template <>
struct Unsigned<double> {
  using type = double;
};

/// Vectors of 16 bytes, which every supported processor has, without fused multiply-add.
template <class Number>
struct Lanes {
  using T = Number;
  using U = typename Unsigned<T>::type;
  typedef U V __attribute__((vector_size(16)));
  static constexpr int lanes = 16 / sizeof(T), rows = 4, vectors = 2;
  static constexpr bool loads_parts = false;

  static V zero() { return V{}; }
  static V broadcast(T a) { return V{} + static_cast<U>(a); }
  static V load(const T* from, Index n = lanes) {
    V v{};
    __builtin_memcpy(&v, from, static_cast<std::size_t>(n) * sizeof(T));
    return v;
  }
  static void store(T* to, V v, Index n = lanes) {
    __builtin_memcpy(to, &v, static_cast<std::size_t>(n) * sizeof(T));
  }
  static V add(V a, V b) { return a + b; }
  static V multiply_add(V a, V b, V c) { return c + a * b; }
  static T add(T a, T b) { return static_cast<T>(static_cast<U>(a) + static_cast<U>(b)); }
  static T multiply_add(T a, T b, T c) {
    return static_cast<T>(static_cast<U>(c) + static_cast<U>(a) * static_cast<U>(b));
  }

  static void transpose(V (&square)[lanes]) {
    T from[lanes * lanes], to[lanes * lanes];
    for (int i = 0; i < lanes; ++i) store(from + i * lanes, square[i]);
    transpose_square(from, lanes, to, lanes);
    for (int i = 0; i < lanes; ++i) square[i] = load(to + i * lanes);
  }
};

}  // namespace

template <class T>
Multiply<T> multiply_plain() {
  return Blocks<Lanes<T>>::functions();
}
template Multiply<float> multiply_plain();
template Multiply<double> multiply_plain();
template Multiply<std::int32_t> multiply_plain();
template Multiply<std::int64_t> multiply_plain();

}  // namespace dagrad::kernels
