#pragma once

#include <cstddef>
#include <cstdint>

#include "dagrad/eval.hpp"
#include "dagrad/strides.hpp"

/// How ops that only move elements do so.
namespace dagrad {

/// The axes along which elements move from operand 0 to operand 1, neither of which is visited
/// twice.
using Walk = StridedAxes<2>;

/// The same walk in the opposite direction.
Walk reversed(const Walk& walk);

/// Copies elements along the walk.
void move(const Parallel& parallel, const Walk& walk, DType dtype, const void* from, void* to);

/// Copies operand 0 to result 0, which has the same number of bytes; does nothing if they share
/// their memory.
void copy(const EvalContext& c);

/// Sets every element of a result to the same number.
void fill(const Parallel& parallel, const MutableView& out, double value);
/// The same for an element given by its bits, in the low bytes.
void fill_bits(const Parallel& parallel, const MutableView& out, std::uint64_t bits);

}  // namespace dagrad
