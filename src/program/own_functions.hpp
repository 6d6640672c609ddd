#pragma once

/// The functions that dagrad computes itself or takes from libm on every instruction set: the same
/// bits whichever is in force.
namespace dagrad::detail {

/// log |Γ(x)|; ∞ at 0, -1, -2, … and at both infinities. Safe on any number of threads.
float lgamma_of(float x);
double lgamma_of(double x);

/// The `n`-th derivative of digamma, itself the derivative of log |Γ(x)|, for whole `n` from 0 to
/// 1000; NaN for other orders. At the poles 0, -1, -2, … an odd order is ∞, an even one infinite
/// with the sign of -x at ±0, NaN at the others. Relative errors are of the size of one rounding
/// but beside the zeros of even orders left of 0, where they are so beside the largest term.
float polygamma_of(float n, float x);
double polygamma_of(double n, double x);

/// With the sign of the divisor, as numpy has it, also where it is 0; NaN where b is 0 or a is
/// infinite.
float remainder_of(float a, float b);
double remainder_of(double a, double b);

/// ⌊a/b⌋ of the remainder above, as numpy has it: the nearest whole number to (a - remainder) / b;
/// a / b where b is 0, NaN where a is infinite.
float floor_divide_of(float a, float b);
double floor_divide_of(double a, double b);

}  // namespace dagrad::detail
