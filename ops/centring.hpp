#pragma once

#include <cstdint>

#include "ops/moments.hpp"

/// Writing standardised and centred elements while they lie in the cache.
namespace dagrad {

/// (x · scale − mean − rest) · factor; computed in T if the moments are plain.
template <class T, bool centred>
class Centring {
 public:
  /// For results whose elements are all to be multiplied by `factors`.
  Centring(const Moments& moments, const double* factors, std::int64_t results)
      : moments_(moments), factors_(factors) {
    for (std::int64_t i = 0; i < results; ++i) {
      all_plain_ = all_plain_ && moments.plain(i);
      mean_[i] = static_cast<T>(moments.mean[i]);
      rest_[i] = static_cast<T>(moments.rest[i]);
      factor_[i] = static_cast<T>(factors[i]);
    }
  }

  /// Writes n elements, of which element i belongs to result i * step.
  void write(const T* x, T* out, std::int64_t n, std::int64_t step) const {
    if (!all_plain_) return write_any(x, out, n, step);
    if (step == 0) {
      const T mean = mean_[0], rest = rest_[0], factor = factor_[0];
      for (std::int64_t i = 0; i < n; ++i) out[i] = plain(x[i], mean, rest, factor);
    } else {
      for (std::int64_t i = 0; i < n; ++i) out[i] = plain(x[i], mean_[i], rest_[i], factor_[i]);
    }
  }

 private:
  static T plain(T x, T mean, T rest, T factor) {
    return centred ? (x - mean - rest) * factor : x * factor;
  }
  T scaled(T x, std::int64_t j) const {
    const double centre = static_cast<double>(x) * moments_.scale[j] - moments_.mean[j];
    return static_cast<T>((centre - moments_.rest[j]) * factors_[j]);
  }
  void write_any(const T* x, T* out, std::int64_t n, std::int64_t step) const {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t j = i * step;
      out[i] = moments_.plain(j) ? plain(x[i], mean_[j], rest_[j], factor_[j]) : scaled(x[i], j);
    }
  }

  const Moments& moments_;
  const double* const factors_;
  bool all_plain_ = true;
  T mean_[MomentReduction::most], rest_[MomentReduction::most], factor_[MomentReduction::most];
};

/// Writes the centred elements of a unit, times the factors of its results.
template <bool centred, class T>
void write_centred(const ReductionSpace& space, const Reducer::Unit& unit, const Moments& moments,
                   const double* factors, const T* x, T* out) {
  const Centring<T, centred> centring(moments, factors, unit.width);
  each_line(space, unit, [&](std::int64_t at, std::int64_t n, std::int64_t step) {
    centring.write(x + at, out + at, n, step);
  });
}

}  // namespace dagrad
