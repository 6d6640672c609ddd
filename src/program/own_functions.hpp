#pragma once

/// The functions that dagrad computes by itself or takes from libm, with the same bits on every
/// instruction set.
namespace dagrad::detail {

/// log |Γ(x)|; ∞ at 0, -1, -2, … and at both infinities. Safe on any number of threads.
float lgamma_of(float x);
double lgamma_of(double x);

/// The `n`-th derivative of digamma, which is the derivative of log |Γ(x)|, for integers `n` from 0
/// to 1000; NaN for other orders. At the poles 0, -1, -2, … odd orders give ∞; even orders give an
/// infinity with the sign of -x at ±0 and NaN at the other poles. The relative error is about one
/// rounding, except near the zeros of even orders left of 0, where the error is about one rounding
/// of the largest term.
float polygamma_of(float n, float x);
double polygamma_of(double n, double x);

/// The remainder of a / b as in NumPy: it has the sign of the divisor, even if it is 0. NaN if b is
/// 0 or a is infinite.
float remainder_of(float a, float b);
double remainder_of(double a, double b);

/// ⌊a/b⌋ as in NumPy: the integer nearest to (a - remainder) / b. It is a / b if b is 0, and NaN if
/// a is infinite.
float floor_divide_of(float a, float b);
double floor_divide_of(double a, double b);

}  // namespace dagrad::detail
