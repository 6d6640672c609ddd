#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "dagrad/eval.hpp"
#include "dagrad/strides.hpp"

/// The parts that indexing ops are made of.
namespace dagrad {

/// Throws TypeError unless indices are int32 or int64.
void check_index_type(const Type& indices);
/// Throws ArgumentError for the first index outside of [-n, n), naming it and its position; n is
/// `size(i)` for index i. A view without data is not checked yet.
template <class Size>
void check_index_range(const View& indices, Size size);

/// Calls `f(at)` with a pointer to the indices, of their own type.
template <class F>
void with_indices(const View& indices, F&& f) {
  if (indices.type.dtype == i32)
    f(static_cast<const std::int32_t*>(indices.data));
  else
    f(static_cast<const std::int64_t*>(indices.data));
}

/// Throws the error for an index that is out of range.
[[noreturn]] void refuse_index(const View& indices, std::int64_t position, std::int64_t size);

template <class Size>
void check_index_range(const View& indices, Size size) {
  if (indices.data == nullptr) return;
  const std::int64_t n = indices.type.elements();
  with_indices(indices, [&](const auto* at) {
    const auto outside = [&](std::int64_t i) {  // a single comparison: -n becomes 0
      const auto slices = static_cast<std::uint64_t>(size(i));
      return static_cast<std::uint64_t>(at[i]) + slices >= 2 * slices;
    };
    bool any = false;  // without a branch for each index
    for (std::int64_t i = 0; i < n; ++i) any |= outside(i);
    for (std::int64_t i = 0; any && i < n; ++i)
      if (outside(i)) refuse_index(indices, i, size(i));
  });
}

/// The elements that indices select along an axis of a tensor, seen as [outer, length, inner]; the
/// elements read or written form [outer, count, inner]. There is either one index for each slice of
/// `inner` elements or, along the axis, one for each element.
struct Places : AlongAxis {
  std::int64_t count;

  Places(const Shape& shape, const Shape& indices, std::int64_t axis, bool along)
      : AlongAxis(shape, axis), count(along ? indices[axis] : indices.elements()) {}
  template <class I>
  std::int64_t row(I index) const {
    return index < 0 ? index + length : index;
  }
};

}  // namespace dagrad
