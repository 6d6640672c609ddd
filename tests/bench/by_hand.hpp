#pragma once

#include <cstddef>

namespace dagrad::bench {

/// The loops that a user would write by hand for the functors of loops.cpp and for the ops of
/// user_group.cpp.
template <class T>
struct ByHand {
  void (*leaky_relu)(const T* x, T* y, std::size_t n);
  void (*gelu)(const T* x, T* y, std::size_t n);
  void (*gelu_gradient)(const T* x, const T* dout, T* y, std::size_t n);
  void (*adamw)(T* p, T* m, T* v, const T* dout, std::size_t n);
  void (*group)(const T* x, T* y, std::size_t n);
  void (*group_and_gradient)(const T* x, const T* dy, T* y, T* dx, std::size_t n);
};

/// Compiled for AVX2 and for AVX-512, for float and double.
template <class T>
const ByHand<T>& by_hand_avx2();
template <class T>
const ByHand<T>& by_hand_avx512();

}  // namespace dagrad::bench
