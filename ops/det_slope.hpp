#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "dagrad/machine.hpp"
#include "dagrad/parallel.hpp"

/// Determinants and their derivatives, correct for singular matrices as well.
namespace dagrad {

/// A product that neither overflows nor underflows on the way.
struct Product {
  double mantissa = 1;
  std::int64_t exponent = 0;

  Product times(double x) const { return times({x, 0}); }
  Product times(const Product& other) const {
    int own = 0, joint = 0;
    const double scaled = std::frexp(other.mantissa, &own);
    return {std::frexp(mantissa * scaled, &joint), exponent + other.exponent + own + joint};
  }
  /// In units of 2^scale.
  double in(std::int64_t scale) const {
    constexpr std::int64_t most = 4096;  // beyond all exponents
    return std::ldexp(mantissa, static_cast<int>(std::clamp(exponent - scale, -most, most)));
  }
};

/// The number of elements of memory that `det_slope` works in.
inline std::int64_t det_slope_room(std::int64_t n, std::size_t operands) {
  return (static_cast<std::int64_t>(operands) + 3) * n * n + n;
}

/// The gradient of det at a matrix, differentiated once more along each of the other matrices.
/// `memory` has det_slope_room elements and begins with `operands` finite matrices [n,n]: the one
/// at which to differentiate, then those along which to. The result replaces the first, in units of
/// 2^k; k is returned, and is 0 unless the result might overflow or underflow. The bits are the
/// same for any number of threads.
std::int64_t det_slope(const Machine& machine, const Parallel& parallel, std::int64_t n,
                       std::size_t operands, double* memory);

}  // namespace dagrad
