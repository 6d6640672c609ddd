#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

/// The functions behind normal numbers, without branches and tables, so that compilers can turn
/// loops of them into vectors. Since nothing is contracted, they have the same bits on every
/// instruction set. Each source that includes this has copies of its own.
namespace dagrad::detail {
namespace {

/// The logarithm of a normal number > 0, with an error of less than one unit in the last place. The
/// method and its coefficients are those of fdlibm (Sun Microsystems 1993).
[[gnu::always_inline]] inline double log_of(double x) {
  constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  constexpr double c[] = {6.666666666666735130e-01, 3.999999999940941908e-01,
                          2.857142874366239149e-01, 2.222219843214978396e-01,
                          1.818357216161805012e-01, 1.531383769920937332e-01,
                          1.479819860511658591e-01};
  constexpr std::uint64_t one = 0x3ff0000000000000, root_half = 0x3fe6a09e667f3bcd,
                          fraction = 0x000fffffffffffff, two_to_52 = 0x4330000000000000;
  // x = 2^e (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2)
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x) + (one - root_half);
  const double e = std::bit_cast<double>(bits >> 52 | two_to_52) - (0x1p52 + 1023);
  const double f = std::bit_cast<double>((bits & fraction) + root_half) - 1;
  const double s = f / (2 + f), z = s * s, w = z * z, half = 0.5 * f * f;
  const double odd = w * (c[1] + w * (c[3] + w * c[5]));
  const double even = z * (c[0] + w * (c[2] + w * (c[4] + w * c[6])));
  return e * ln2_high - ((half - (s * (half + (odd + even)) + e * ln2_low)) - f);
}

/// The sine and cosine of `turns` in [0, 1] full turns. They are those of an angle of at most an
/// eighth of a turn, which is exact in turns, exchanged and negated; the polynomials are fdlibm's.
[[gnu::always_inline]] inline void sine_and_cosine(double turns, double& sine, double& cosine) {
  constexpr double rounding = 0x1.8p52, quarter_turn = 1.57079632679489661923;
  const double t = 4 * turns, shifted = t + rounding;
  const auto quarters = std::bit_cast<std::uint64_t>(shifted);  // in the lowest bits
  const double x = (t - (shifted - rounding)) * quarter_turn, z = x * x;
  const double s =
      x + x * z *
              (-1.66666666666666324348e-01 +
               z * (8.33333333332248946124e-03 +
                    z * (-1.98412698298579493134e-04 +
                         z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 +
                                                                z * 1.58969099521155010221e-10)))));
  const double r =
      z * (4.16666666666666019037e-02 +
           z * (-1.38888888888741095749e-03 +
                z * (2.48015872894767294178e-05 +
                     z * (-2.75573143513906633035e-07 +
                          z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)))));
  const double half = 0.5 * z, rest = 1 - half;
  const double c = rest + (((1 - rest) - half) + z * r);
  const std::uint64_t exchanged = 0 - (quarters & 1);
  const auto s_bits = std::bit_cast<std::uint64_t>(s), c_bits = std::bit_cast<std::uint64_t>(c);
  const auto chosen = [&](std::uint64_t a, std::uint64_t b) {
    return (a & ~exchanged) | (b & exchanged);
  };
  sine = std::bit_cast<double>(chosen(s_bits, c_bits) ^ (quarters & 2) << 62);
  cosine = std::bit_cast<double>(chosen(c_bits, s_bits) ^ ((quarters + 1) & 2) << 62);
}

/// Two independent normal numbers from two uniform ones, `u` in (0, 1] and `v` in [0, 1) (Box and
/// Muller 1958).
[[gnu::always_inline]] inline void box_muller(double u, double v, double& first, double& second) {
  const double radius = std::sqrt(-2 * log_of(u));
  double sine = 0, cosine = 0;
  sine_and_cosine(v, sine, cosine);
  first = radius * cosine;
  second = radius * sine;
}

}  // namespace
}  // namespace dagrad::detail
