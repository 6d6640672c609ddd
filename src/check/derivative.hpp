#pragma once

#include <cstdint>
#include <functional>
#include <limits>

#include "dagrad/check.hpp"

namespace dagrad::detail {

/// A function of one number at `t`, as it was really evaluated: rounding moves the point a little.
struct LinePoint {
  double t = 0;
  double value = 0;         ///< less the value at 0
  std::uint64_t trace = 0;  ///< names the decisions that led to the value
  bool finite = true;
};

/// A function of one number whose natural step is 1. It is asked for values near 0.
using Line = std::function<LinePoint(double t)>;

/// A derivative at 0 by finite differences; the error is infinite where none could be taken.
struct Derivative {
  double value = 0;
  double error = std::numeric_limits<double>::infinity();
};

/// The derivative at 0 by the ladder of steps 2^-3 … 2^-42, with an error to trust: differences
/// over three neighbouring steps, extrapolated to sixth order, count where their values are finite
/// and all took the decisions taken at 0. `floor` is how far the value at 0 may be off by rounding.
Derivative differentiate(const Line& line, double floor);

/// What the difference quotient says of `slope`, a derivative of values as large as
/// `size`: slopes far below that count as negligible.
Verdict judge(double slope, const Derivative& derivative, double size);

struct Judgement {
  Verdict verdict = Verdict::unresolved;
  Derivative derivative;
};
/// Holds `slope` against the function: by two steps of a size that suits most functions and, where
/// these do not confirm it to six digits, by the ladder. No zero is taken for right where two steps
/// show a slope, however small that is beside the ladder's error.
Judgement hold(const Line& line, double slope, double floor, double size = 0);

}  // namespace dagrad::detail
