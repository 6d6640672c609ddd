#pragma once

#include <array>
#include <cstdint>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// Computes one primitive over dense arrays. `out` must not overlap the operands; unused operands
/// are null.
using WordLoop = void (*)(const void* a, const void* b, const void* c, void* out, std::int64_t n);

/// The loop of a primitive for operands of a dtype; a cast converts and rounds to `result`.
/// Operands and results are held in their `compute_dtype`.
WordLoop loop_of(Primitive primitive, DType operand, DType result);

/// The loops that convert stored elements to their `compute_dtype` and back, with rounding. Null if
/// the two are the same.
WordLoop load_loop(DType dtype);
WordLoop store_loop(DType dtype);

/// Computes a primitive on single stored elements, given in the low bytes.
std::uint64_t compute(Primitive primitive, DType operand, DType result,
                      const std::array<std::uint64_t, 3>& operands);

}  // namespace dagrad::detail
