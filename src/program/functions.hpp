#pragma once

#include <cstdint>

#include "dagrad/instruction_set.hpp"
#include "dagrad/number.hpp"
#include "dagrad/program.hpp"

/// The library functions, each by one code for every use of it under an instruction set: single
/// elements, arrays and assembled loops get the same bits.
namespace dagrad::detail {

/// The instruction set whose functions Numbers of this thread compute with: the best one, unless
/// there is a `UseFunctions`.
InstructionSet functions_in_force();

/// A library function over dense arrays. `b` is not read for functions of one operand; `out` may be
/// an operand. Without an instruction set, by the functions in force on this thread.
void apply_function(InstructionSet set, Primitive primitive, const float* a, const float* b,
                    float* out, std::int64_t n);
void apply_function(InstructionSet set, Primitive primitive, const double* a, const double* b,
                    double* out, std::int64_t n);
void apply_function(Primitive primitive, const float* a, const float* b, float* out,
                    std::int64_t n);
void apply_function(Primitive primitive, const double* a, const double* b, double* out,
                    std::int64_t n);

/// Code of libmvec that assembled loops call: one whole register (ymm with AVX2, zmm with AVX-512)
/// of each operand in registers 0 and 1, the result in register 0, by the System V convention,
/// which keeps no vector or mask register. Every lane is computed alone, so any number may hold
/// garbage. A sine or cosine is the caller's to clamp to ±1. Null for dagrad's own functions
/// (`is_own`), of which there is no vector code, for what is no function of floats, and for
/// `plain`.
const void* vector_function(InstructionSet set, Primitive primitive, DType dtype);

}  // namespace dagrad::detail
