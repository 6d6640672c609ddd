#pragma once

#include <cstdint>

#include "dagrad/instruction_set.hpp"
#include "dagrad/number.hpp"
#include "dagrad/program.hpp"

/// The library functions. For each instruction set, every function has one implementation, so that
/// single elements, arrays and assembled loops get the same bits.
namespace dagrad::detail {

/// The instruction set whose functions Numbers of this thread use: the best one, unless a
/// `UseFunctions` is active.
InstructionSet functions_in_force();

/// Applies a library function to dense arrays. `b` is not read for functions of one operand; `out`
/// may be an operand. Overloads without an instruction set use `functions_in_force()`.
void apply_function(InstructionSet set, Primitive primitive, const float* a, const float* b,
                    float* out, std::int64_t n);
void apply_function(InstructionSet set, Primitive primitive, const double* a, const double* b,
                    double* out, std::int64_t n);
void apply_function(Primitive primitive, const float* a, const float* b, float* out,
                    std::int64_t n);
void apply_function(Primitive primitive, const double* a, const double* b, double* out,
                    std::int64_t n);

/// Code of libmvec for assembled loops to call. It takes one whole register (ymm for AVX2, zmm for
/// AVX-512) per operand in registers 0 and 1 and returns the result in register 0, by the System V
/// convention, which preserves no vector or mask registers. Lanes are computed independently, so
/// unused ones may hold anything. The caller must clamp sines and cosines to ±1. Null for functions
/// without vector code (`is_own`), for primitives that are not functions of floats, and for
/// `plain`.
const void* vector_function(InstructionSet set, Primitive primitive, DType dtype);

}  // namespace dagrad::detail
