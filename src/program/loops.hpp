#pragma once

#include <array>
#include <cstdint>

#include "dagrad/program.hpp"

namespace dagrad::detail {

/// One word over dense arrays; `out` overlaps none of the operands. Unused operands are null.
using WordLoop = void (*)(const void* a, const void* b, const void* c, void* out, std::int64_t n);

/// The loop of a word on operands of a dtype; of a cast, to `result`, and rounded to it. Operands
/// and results are held in the `compute_dtype` of theirs.
WordLoop loop_of(Primitive primitive, DType operand, DType result);

/// From elements as they are stored to those that words take, and back, which rounds. Null where
/// both are the same.
WordLoop load_loop(DType dtype);
WordLoop store_loop(DType dtype);

/// A word on single stored elements, each in the low bytes.
std::uint64_t compute(Primitive primitive, DType operand, DType result,
                      const std::array<std::uint64_t, 3>& operands);

}  // namespace dagrad::detail
