#pragma once

#include <cstddef>
#include <cstdint>

#include "dagrad/eval.hpp"
#include "dagrad/strides.hpp"

/// How ops that compute nothing move elements.
namespace dagrad {

/// Axes along which elements are moved from operand 0 to operand 1, none of which is met twice.
using Walk = StridedAxes<2>;

/// The way back.
Walk reversed(const Walk& walk);

/// Copies elements along the walk.
void move(const Parallel& parallel, const Walk& walk, DType dtype, const void* from, void* to);

/// Copies operand 0 to result 0, which has as many bytes; nothing where they are the same memory.
void copy(const EvalContext& c);

/// Every element of a result the same number.
void fill(const Parallel& parallel, const MutableView& out, double value);
/// The same of an element whose bits are the low bytes.
void fill_bits(const Parallel& parallel, const MutableView& out, std::uint64_t bits);

}  // namespace dagrad
