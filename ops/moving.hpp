#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dagrad/eval.hpp"

/// How ops that compute nothing move elements.
namespace dagrad {

/// A walk over elements of two tensors at once: for each axis its size and how many elements it
/// moves on by in either. Elements of the second are never met twice.
struct Walk {
  int rank = 0;
  std::array<std::int64_t, max_rank> size{}, from{}, to{};
  /// An axis inside of those there are.
  void add(std::int64_t axis_size, std::int64_t from_step, std::int64_t to_step);
};

/// Elements from one axis step to the next in a dense tensor of this shape.
std::array<std::int64_t, max_rank> dense_steps(const Shape& shape);

/// Copies elements along the walk.
void move(const Parallel& parallel, Walk walk, DType dtype, const void* from, void* to);

/// Copies operand 0 to result 0, which has as many bytes; nothing where they are the same memory.
void copy(const EvalContext& c);

/// Every element of a result the same number.
void fill(const Parallel& parallel, const MutableView& out, double value);
/// The same of an element whose bits are the low bytes.
void fill_bits(const Parallel& parallel, const MutableView& out, std::uint64_t bits);

}  // namespace dagrad
