#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/shape.hpp"

namespace dagrad::detail {

/// The elements of a result, and where those of each operand lie, by NumPy's rule of broadcasting.
/// Neighbouring axes that no operand tells apart are one, and axes of 1 are gone. Axis 0 is the
/// innermost: a row.
struct LoopSpace {
  LoopSpace(std::span<const Type> in, const Shape& out);

  std::int64_t row() const { return sizes[0]; }
  /// Elements that operand `i` moves on by along `axis`; 0 where it is repeated.
  std::int64_t stride(int axis, std::size_t i) const {
    return strides[static_cast<std::size_t>(axis) * operands + i];
  }

  int rank = 0;  ///< at least 1
  std::array<std::int64_t, max_rank> sizes{};
  std::size_t operands;
  std::vector<std::int64_t> strides;  ///< of all operands, axis after axis
};

}  // namespace dagrad::detail
