// exp and tanh of eight float64, with the calling convention of libmvec: the operand and the result
// are in zmm0. functions_avx512.cpp refers to them by name only, as to those of libmvec.

#include <immintrin.h>

namespace dagrad::detail {
namespace {

using Vector = __m512d;

Vector all(double x) { return _mm512_set1_pd(x); }

/// x = k ln 2 + r with an integer k and |r| <= ln(2) / 2, and exp(r) - 1.
struct Reduced {
  Vector k, minus_one;
};

/// For |x| < 1500. The polynomial is (exp(r) - 1 - r) / r^2 up to 1.3e-17 r^2, which is Chebyshev's
/// approximation; it is summed in pairs, for a short latency.
Reduced reduced(Vector x) {
  constexpr int nearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  const Vector k = _mm512_roundscale_pd(x * all(0x1.71547652b82fep+0), nearest);
  // ln 2 in two parts, of which the first one has so few digits that its product is exact.
  Vector r = _mm512_fnmadd_pd(k, all(0x1.62e42fefa3800p-1), x);
  r = _mm512_fnmadd_pd(k, all(0x1.ef35793c76730p-45), r);
  const Vector r2 = r * r, r4 = r2 * r2;
  const auto line = [&](double a, double b) { return _mm512_fmadd_pd(r, all(b), all(a)); };
  const Vector c0 = line(0x1.0000000000001p-1, 0x1.5555555555556p-3);
  const Vector c2 = line(0x1.5555555553d63p-5, 0x1.11111111109b3p-7);
  const Vector c4 = line(0x1.6c16c1788bd90p-10, 0x1.a01a01a7c41d5p-13);
  const Vector c6 = line(0x1.a019b90d2ae7ap-16, 0x1.71de0dae63bb3p-19);
  const Vector c8 = line(0x1.289185613a3d6p-22, 0x1.af38a9b0ec855p-26);
  const Vector low = _mm512_fmadd_pd(c2, r2, c0), high = _mm512_fmadd_pd(c6, r2, c4);
  const Vector sum = _mm512_fmadd_pd(_mm512_fmadd_pd(c8, r4, high), r4, low);
  return {k, _mm512_fmadd_pd(sum, r2, r)};
}

}  // namespace

/// At most 1.1 units in the last place off.
extern "C" Vector dagrad_exp_avx512(Vector x) {
  // Beyond these limits, the result is 0 or infinite. A NaN is kept, being the second operand.
  const Vector limited = _mm512_max_pd(all(-1000), _mm512_min_pd(all(1000), x));
  const Reduced at = reduced(limited);
  return _mm512_scalef_pd(all(1) + at.minus_one, at.k);
}

/// (exp(2|x|) - 1) / (exp(2|x|) + 1) with the sign of x; at most 3 units in the last place off.
extern "C" Vector dagrad_tanh_avx512(Vector x) {
  const Vector magnitude = _mm512_abs_pd(x);
  const Reduced at = reduced(_mm512_min_pd(all(40), magnitude + magnitude));
  const Vector power = _mm512_scalef_pd(all(1), at.k);
  const Vector over = _mm512_fmadd_pd(power, at.minus_one, power - all(1));
  const Vector under = _mm512_fmadd_pd(power, at.minus_one, power + all(1));
  const Vector sign = _mm512_and_pd(x, all(-0.0));
  return _mm512_or_pd(over / under, sign);
}

}  // namespace dagrad::detail
