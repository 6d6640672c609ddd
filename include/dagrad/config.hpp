#pragma once

/// The requirements of dagrad's headers on the compiler. Every header includes this file.

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "dagrad needs C++20: compile with -std=c++20 or later"
#endif

// NaN, infinities, signed zeros and the order of sums are part of what dagrad promises.
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#error "dagrad cannot be compiled with -ffast-math: it relies on NaN, infinities and rounding"
#endif
