#pragma once

#include <cstdint>

namespace dagrad {

/// c · p, but 0 where c is 0, as in `pull`.
template <class T>
T pulled(T c, T p) {
  return c == 0 ? T(0) : c * p;
}

/// Reads the elements of x, which are cotangents, times those of a tensor with the same layout.
template <class T>
struct ReadPulled {
  const T *x, *other;
  static constexpr const T* centre = nullptr;
  void terms(const T* from, std::int64_t n, const T*, std::int64_t, T* to) const {
    const T* const factor = other + (from - x);
    for (std::int64_t i = 0; i < n; ++i) to[i] = pulled(from[i], factor[i]);
  }
};

}  // namespace dagrad
