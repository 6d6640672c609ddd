#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
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
    using Unsigned = std::make_unsigned_t<std::remove_cvref_t<decltype(*at)>>;
    const auto outside = [&]<class U>(std::int64_t i, std::type_identity<U>) {
      // A single comparison: -n becomes 0.
      const auto slices = static_cast<U>(
          std::min<std::int64_t>(size(i), std::numeric_limits<std::make_signed_t<U>>::max()));
      return static_cast<U>(static_cast<U>(at[i]) + slices) >= static_cast<U>(2 * slices);
    };
    // All of them in the width of the indices, without a branch for each; then exactly.
    Unsigned any = 0;
    for (std::int64_t i = 0; i < n; ++i)
      any |= outside(i, std::type_identity<Unsigned>()) ? Unsigned{1} : Unsigned{0};
    for (std::int64_t i = 0; any != 0 && i < n; ++i)
      if (outside(i, std::type_identity<std::uint64_t>())) refuse_index(indices, i, size(i));
  });
}

/// The elements that indices select along an axis of a tensor, seen as [outer, length, inner]; the
/// elements read or written form [outer, count, inner]. There is either one index for each slice of
/// `inner` elements or, along the axis, one for each element.
struct Places : AlongAxis {
  static constexpr std::int64_t task = 1 << 14;  ///< elements that a task moves at least
  std::int64_t count;

  Places(const Shape& shape, const Shape& indices, std::int64_t axis, bool along)
      : AlongAxis(shape, axis), count(along ? indices[axis] : indices.elements()) {}
  template <class I>
  std::int64_t row(I index) const {
    return index < 0 ? index + length : index;
  }
};

}  // namespace dagrad
