#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "dagrad/instruction_set.hpp"
#include "dagrad/number.hpp"
#include "src/program/primitives.hpp"

/// What the library functions of one instruction set are made of.
namespace dagrad::detail {

template <class T>
struct Function {
  void (*apply)(const T* a, const T* b, T* out, std::int64_t n) = nullptr;
  const void* vector = nullptr;
};

template <class T>
using Functions = std::array<Function<T>, words>;

struct FunctionTable {
  InstructionSet set;
  Functions<float> of_float;
  Functions<double> of_double;
};

const FunctionTable& avx2_functions();
const FunctionTable& avx512_functions();

/// With the sign of the divisor, as numpy has it, also where it is 0; NaN where b is 0 or a is
/// infinite. Of integers 0 where b is 0.
template <class T>
T remainder_of(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    const T r = std::fmod(a, b);
    if (r == 0) return std::copysign(r, b);
    return (r < 0) != (b < 0) ? r + b : r;
  } else {
    return Number<T>::call(Primitive::remainder, Number<T>(a), Number<T>(b)).value();
  }
}

}  // namespace dagrad::detail
