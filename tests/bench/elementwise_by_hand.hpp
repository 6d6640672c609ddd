#pragma once

#include <cstddef>

namespace dagrad::bench {

/// The chain of elementwise.cpp with its sums over rows, y, and the gradient of x for a cotangent
/// of 1, as one loop in vectors of the compiler. Each element takes the same steps in the same
/// order as in dagrad's loop, and so do the sums.
template <class T>
using ChainByHand = void (*)(const T* x, const T* row, T* y, T* dx, std::size_t rows,
                             std::size_t columns);

/// Compiled for AVX2 and for AVX-512, for float and double.
template <class T>
ChainByHand<T> chain_by_hand_avx2();
template <class T>
ChainByHand<T> chain_by_hand_avx512();

}  // namespace dagrad::bench
