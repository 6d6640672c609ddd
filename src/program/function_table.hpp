#pragma once

#include <array>
#include <cstdint>

#include "dagrad/instruction_set.hpp"
#include "src/program/primitives.hpp"

/// The table of the library functions of an instruction set.
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

/// Sets the functions without vector code (`is_own`).
void set_own_functions(Functions<float>& functions);
void set_own_functions(Functions<double>& functions);

}  // namespace dagrad::detail
