#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/moments.hpp"

/// Writing standardised and centred elements while they lie in the cache.
namespace dagrad {

/// (x · scale − mean − rest) · factor for an element of result j; computed in T if its moments are
/// plain.
template <bool centred, class T>
T standardized_element(const Moments& moments, std::int64_t j, double factor, T x) {
  if (!moments.plain(j)) {
    const double centre = static_cast<double>(x) * moments.scale[j] - moments.mean[j];
    return static_cast<T>((centre - moments.rest[j]) * factor);
  }
  if constexpr (centred) x = x - static_cast<T>(moments.mean[j]) - static_cast<T>(moments.rest[j]);
  return x * static_cast<T>(factor);
}

/// The same for many elements.
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
  [[gnu::noinline]] void write(const T* x, T* out, std::int64_t n, std::int64_t step) const {
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
  [[gnu::cold, gnu::noinline]] void write_any(const T* x, T* out, std::int64_t n,
                                              std::int64_t step) const {
    for (std::int64_t i = 0; i < n; ++i)
      out[i] = standardized_element<centred>(moments_, i * step, factors_[i * step], x[i]);
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

/// The results of a standardisation other than the elements: one number for each group of elements.
template <class T>
struct Statistics {
  /// The first of them is result `first`; there is a mean only if `centred` is set.
  Statistics(const EvalContext& c, std::size_t first, bool centred)
      : square(c.out<T>(first).data()),
        mean(centred ? c.out<T>(first + 1).data() : nullptr),
        reciprocal(c.out<T>(centred ? first + 2 : first + 1).data()) {}
  T *const square, *const mean, *const reciprocal;
  void write(std::int64_t result, const Moments& moments, const double* factors,
             std::int64_t n) const {
    for (std::int64_t i = 0; i < n; ++i) {
      square[result + i] = static_cast<T>(moments.unscaled_square(i));
      if (mean != nullptr) mean[result + i] = static_cast<T>(moments.unscaled_mean(i));
      reciprocal[result + i] = static_cast<T>(moments.unscaled_factor(i, factors[i]));
    }
  }
};

}  // namespace dagrad
