#pragma once

#include <cstdint>

#include "dagrad/unrolled.hpp"
#include "ops/moving.hpp"

/// The straight-line forms that several ops share.
namespace dagrad {

/// Straight-line code reads at most this many elements of operands for one op.
inline constexpr std::int64_t most_unrolled = 512;

/// Records `sum_axes`: the same additions in the same order. Returns false for ints and for too
/// many elements.
bool unroll_sum(Unrolled& code, std::uint32_t axes, std::int64_t divisor = 1);

/// Records that result 0 consists of elements of operand 0: along the walk, from `first` on.
bool unroll_moves(Unrolled& code, const Walk& walk, std::int64_t first = 0);

}  // namespace dagrad
