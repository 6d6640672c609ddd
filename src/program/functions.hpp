#pragma once

#include <cstdint>

#include "dagrad/instruction_set.hpp"
#include "dagrad/program.hpp"

/// The library functions, each by one code for every use of it under an instruction set: single
/// elements, arrays and assembled loops get the same bits.
namespace dagrad::detail {

/// The instruction set whose functions this thread computes with: the best one unless a
/// `UseFunctions` is in force.
InstructionSet functions_in_force();

/// Puts an instruction set's functions in force on this thread for as long as it lives.
class UseFunctions {
 public:
  explicit UseFunctions(InstructionSet set);
  ~UseFunctions();
  UseFunctions(const UseFunctions&) = delete;
  UseFunctions& operator=(const UseFunctions&) = delete;

 private:
  const void* previous_;
};

/// A library function over dense arrays, by the functions in force. `b` is not read for functions
/// of one operand; `out` may be an operand.
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
