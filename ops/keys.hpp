#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "dagrad/eval.hpp"
#include "dagrad/tensor.hpp"

/// How random ops use keys. Each of several keys gives what it would give alone: its draws stand
/// together, behind the axes of the keys.
namespace dagrad {

/// Throws TypeError if keys are not int64.
void check_keys(const Type& keys);
/// The shape of the draws of each key, whose own shape is `drawn`.
Shape shape_of_draws(const Type& keys, const Shape& drawn);
/// Throws ShapeError unless the first axes of what is drawn from are those of the keys.
void check_leading(const Type& keys, const Type& from);

/// Calls `draw(key, first, begin, end)` for pieces of the result of an op whose operand 0 are keys:
/// elements `begin` to `end`, which are those of the key from `first` on.
template <class Draw>
void for_keys(const EvalContext& c, std::int64_t piece, Draw draw) {
  const std::span<const std::int64_t> keys = c.in<std::int64_t>(0);
  const std::int64_t all = c.out_shape().elements();
  const std::int64_t each = all / std::max<std::int64_t>(1, std::ssize(keys));
  c.parallel.ranges(all, piece, [&](std::int64_t begin, std::int64_t end) {
    while (begin < end) {
      const std::int64_t key = begin / each, stop = std::min(end, (key + 1) * each);
      draw(keys[static_cast<std::size_t>(key)], begin - key * each, begin, stop);
      begin = stop;
    }
  });
}

}  // namespace dagrad
