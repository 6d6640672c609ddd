#pragma once

#include <cstdint>
#include <functional>
#include <limits>

#include "dagrad/check.hpp"

namespace dagrad::detail {

/// A value of a function of one number. `t` is the point at which it was really evaluated, which
/// rounding moves a little.
struct ValueOnLine {
  double t = 0;
  double value = 0;         ///< minus the value at 0
  std::uint64_t trace = 0;  ///< identifies the decisions that led to the value
  bool finite = true;
};

/// A function of one number, scaled so that its natural step is 1. It is evaluated near 0.
using Line = std::function<ValueOnLine(double t)>;

/// A derivative at 0 by finite differences; the error is infinite if there is none.
struct Derivative {
  double value = 0;
  double error = std::numeric_limits<double>::infinity();
};

/// The derivative at 0 from a ladder of steps 2^-3 … 2^-42, with a reliable error bound.
/// Differences over three neighbouring steps are extrapolated to sixth order; they count only if
/// their values are finite and result from the same decisions as at 0. `floor` bounds the rounding
/// error of the value at 0.
Derivative differentiate(const Line& line, double floor);

/// Compares `slope` with the derivative by finite differences. `size` is the magnitude of the
/// values; slopes far below it count as negligible.
Verdict judge(double slope, const Derivative& derivative, double size);

struct Judgement {
  Verdict verdict = Verdict::unresolved;
  Derivative derivative;
};
/// Compares `slope` with the function: first by two steps of a size that suits most functions and,
/// unless these confirm it to six digits, by the ladder. A slope of zero is not accepted if two
/// steps show another one, however small compared with the ladder's error.
Judgement hold(const Line& line, double slope, double floor, double size = 0);

}  // namespace dagrad::detail
