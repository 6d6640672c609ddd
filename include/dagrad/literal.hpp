#pragma once

#include <cstdint>
#include <type_traits>

#include "dagrad/dtype.hpp"

namespace dagrad {

/// A plain number in an expression. It has no dtype of its own but is rounded once to that of the
/// values beside it. A number with a fraction beside an integer dtype is a TypeError.
class Literal {
 public:
  template <class T>
  requires std::is_arithmetic_v<T>
  constexpr Literal(T value)
      : integral_(std::is_integral_v<T> && (value < T(1) || static_cast<std::int64_t>(value) > 0)),
        integer_(integral_ ? static_cast<std::int64_t>(value) : 0),
        real_(static_cast<double>(value)) {}

  /// Whether it was given as an integer that fits int64.
  constexpr bool integral() const { return integral_; }
  constexpr std::int64_t integer() const { return integer_; }
  constexpr double real() const { return real_; }
  /// The bits of the literal as an element of `dtype`, in the low bytes. 2.0 counts as the integer
  /// 2. For integer dtypes and bool, throws TypeError if the number is a fraction, a NaN or an
  /// infinity, and ArgumentError if it is outside the dtype's range (for bool, 0 and 1).
  std::uint64_t bits(DType dtype) const;

 private:
  bool integral_;
  std::int64_t integer_;
  double real_;
};

}  // namespace dagrad
