#include <array>
#include <cmath>
#include <limits>

#include "src/program/own_functions.hpp"

/// Everything is in long double: its additional digits (eleven bits on x86) absorb the rounding
/// errors of the sums, and its range holds the factorials.
namespace dagrad::detail {
namespace {

using Wide = long double;

constexpr Wide positive_infinity = std::numeric_limits<Wide>::infinity();
constexpr Wide nan = std::numeric_limits<Wide>::quiet_NaN();
constexpr int most = 1000;  // the largest order: 1000! and its powers are within the range
/// The positive zero of digamma, as a double and the remaining difference.
constexpr Wide positive_zero = 0x1.762d86356be3fp+0L, beyond_zero = 9.549995429965697715e-17L;

/// The Bernoulli numbers B₂, B₄, …
constexpr std::array<Wide, 12> bernoulli{
    Wide(1) / 6,       Wide(-1) / 30,       Wide(1) / 42,       Wide(-1) / 30,
    Wide(5) / 66,      Wide(-691) / 2730,   Wide(7) / 6,        Wide(-3617) / 510,
    Wide(43867) / 798, Wide(-174611) / 330, Wide(854513) / 138, Wide(-236364091) / 2730};

Wide inverse_power(Wide x, int n) {  // std::pow is slower by an order of magnitude
  Wide power = 1;
  for (; n > 0; n /= 2, x *= x)
    if (n % 2 == 1) power *= x;
  return 1 / power;
}

/// The Hurwitz zeta function ζ(n+1, x) = Σ (x+k)⁻ⁿ⁻¹ over k ≥ 0; for n = 0, where the sum diverges,
/// -digamma(x). For positive x: adds terms until the Euler-Maclaurin series is exact (Abramowitz
/// and Stegun 6.3.18, 6.4.11); its twelve terms leave an error of 1e-20 at the smallest y.
Wide hurwitz(int n, Wide x) {
  Wide sum = 0, y = x;
  for (const int enough = 10 + 2 * n; y < enough; ++y) sum += inverse_power(y, n + 1);
  const Wide square = 1 / (y * y);
  Wide series = 0, factor = Wide(n + 1) / 2;  // (2k+n-1)! / ((2k)! n!)
  Wide power = square;
  for (int k = 1; const Wide b : bernoulli) {
    series += b * factor * power;
    factor *= Wide(2 * k + n) * (2 * k + n + 1) / (Wide(2 * k + 1) * (2 * k + 2));
    power *= square;
    ++k;
  }
  const Wide lead = n == 0 ? -std::log(y) : Wide(1) / n;
  return sum + inverse_power(y, n) * (lead + 1 / (2 * y) + series);
}

/// The same for any x except the poles. Left of 0, the terms before the one nearest to 0 form
/// another such sum, so that all sums begin at 1/2 or above.
Wide hurwitz_anywhere(int n, Wide x) {
  if (x > 0) return hurwitz(n, x);
  const Wide distance = x - std::round(x);  // exact
  const Wide before = hurwitz(n, 1 - distance) - hurwitz(n, 1 - x);
  return inverse_power(distance, n + 1) + hurwitz(n, 1 + distance) +
         (n % 2 == 0 ? -before : before);
}

/// Digamma at `distance` from its positive zero, by a Taylor series.
Wide digamma_at_zero(Wide distance) {
  Wide sum = 0, power = -1;
  for (int k = 1; k <= 12; ++k) {
    power *= -distance;
    sum += power * hurwitz(k, positive_zero);
  }
  return sum;
}

Wide at_pole(int n, Wide x) {
  if (n % 2 == 1) return positive_infinity;
  return x == 0 ? std::copysign(positive_infinity, -x) : nan;
}

/// (-1)ⁿ⁺¹ n! ζ(n+1, x).
Wide polygamma(Wide order, Wide x) {
  if (!(order >= 0 && order <= most) || order != std::floor(order) || std::isnan(x) ||
      x == -positive_infinity)
    return nan;
  const int n = static_cast<int>(order);
  if (x == positive_infinity) return n == 0 ? positive_infinity : n % 2 == 0 ? Wide(-0.0) : Wide(0);
  if (x <= 0 && x == std::floor(x)) return at_pole(n, x);
  const Wide distance = x - positive_zero - beyond_zero;
  if (n == 0 && std::fabs(distance) < 0x1p-6L) return digamma_at_zero(distance);
  Wide result = hurwitz_anywhere(n, x);
  for (int k = 2; k <= n; ++k) result *= k;
  return n % 2 == 0 ? -result : result;
}

}  // namespace

float polygamma_of(float n, float x) { return static_cast<float>(polygamma(n, x)); }
double polygamma_of(double n, double x) { return static_cast<double>(polygamma(n, x)); }

}  // namespace dagrad::detail
