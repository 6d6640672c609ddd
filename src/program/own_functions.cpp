#include "src/program/own_functions.hpp"

#include <math.h>  // lgamma_r, which POSIX has and C++ does not

#include <cmath>

#include "src/program/function_table.hpp"

namespace dagrad::detail {
namespace {

template <class T>
T remainder(T a, T b) {
  const T r = std::fmod(a, b);
  if (r == 0) return std::copysign(r, b);
  return (r < 0) != (b < 0) ? r + b : r;
}

template <class T>
T floor_divide(T a, T b) {
  if (b == 0) return a / b;
  const T rest = std::fmod(a, b);
  T quotient = (a - rest) / b;  // an integer, up to rounding
  if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
  return quotient == 0 ? std::copysign(T(0), a / b) : std::round(quotient);
}

/// Applies a function of one or two operands to arrays.
template <auto F, class T>
void apply(const T* a, const T* b, T* out, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    if constexpr (requires { F(a[i]); })
      out[i] = F(a[i]);
    else
      out[i] = F(a[i], b[i]);
  }
}

template <class T>
void set_all(Functions<T>& functions) {
  using Unary = T (*)(T);
  using Binary = T (*)(T, T);
  const auto set = [&](Primitive word, auto* code) {
    functions[static_cast<std::size_t>(word)] = {code, nullptr};
  };
  set(Primitive::lgamma, apply<Unary(lgamma_of), T>);
  set(Primitive::remainder, apply<Binary(remainder_of), T>);
  set(Primitive::floor_divide, apply<Binary(floor_divide_of), T>);
  set(Primitive::polygamma, apply<Binary(polygamma_of), T>);
}

}  // namespace

float lgamma_of(float x) {
  int sign;
  return ::lgammaf_r(x, &sign);
}
double lgamma_of(double x) {
  int sign;
  return ::lgamma_r(x, &sign);
}

float remainder_of(float a, float b) { return remainder(a, b); }
double remainder_of(double a, double b) { return remainder(a, b); }

float floor_divide_of(float a, float b) { return floor_divide(a, b); }
double floor_divide_of(double a, double b) { return floor_divide(a, b); }

void set_own_functions(Functions<float>& functions) { set_all(functions); }
void set_own_functions(Functions<double>& functions) { set_all(functions); }

}  // namespace dagrad::detail
