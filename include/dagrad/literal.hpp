#pragma once

#include <cstdint>
#include <type_traits>

#include "dagrad/dtype.hpp"

namespace dagrad {

/// A plain number met in an expression. It is weak: it takes the dtype of what it meets, rounded
/// once. One with a fraction that meets an integer dtype is a TypeError.
class Literal {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  constexpr Literal(T value)
      : integral_(std::is_integral_v<T> && (value < T(1) || static_cast<std::int64_t>(value) > 0)),
        integer_(integral_ ? static_cast<std::int64_t>(value) : 0),
        real_(static_cast<double>(value)) {}

  /// Whether it was written as an integer (one that int64 holds).
  constexpr bool integral() const { return integral_; }
  constexpr std::int64_t integer() const { return integer_; }
  constexpr double real() const { return real_; }
  /// The bits of the literal as one element of `dtype`, in the low bytes. 2.0 is an integer here as
  /// 2 is. Throws TypeError for a fraction, NaN or an infinity with an integer dtype or bool,
  /// ArgumentError for an integer outside the dtype's range (bool: 0 and 1).
  std::uint64_t bits(DType dtype) const;

 private:
  bool integral_;
  std::int64_t integer_;
  double real_;
};

}  // namespace dagrad
