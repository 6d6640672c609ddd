#include "dagrad/ops/rearrange.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>

#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/moving.hpp"

namespace dagrad {

namespace {

/// By how many elements, from 0 to its size, each axis is shifted.
std::array<std::int64_t, max_rank> shifts_of(const Roll& roll, const Shape& shape) {
  std::array<std::int64_t, max_rank> by{};
  for (std::size_t i = 0; i < roll.axes.size(); ++i) {
    const int axis = normalize_axis(roll.axes[i], shape.rank());
    const std::int64_t size = std::max<std::int64_t>(shape[axis], 1);
    std::int64_t& shift = by[static_cast<std::size_t>(axis)];
    shift = (shift + roll.shifts[i] % size + size) % size;
  }
  return by;
}

}  // namespace

Type Roll::infer(std::span<const Type> in) const {
  if (shifts.size() != axes.size()) {
    throw ArgumentError("needs one shift for each axis, got " + std::to_string(shifts.size()) +
                        " for " + std::to_string(axes.size()) + " axes");
  }
  for (const std::int64_t axis : axes) normalize_axis(axis, in[0].shape.rank());
  for (const std::int64_t shift : shifts) {
    if (shift == INT64_MIN) throw ArgumentError("cannot shift by " + std::to_string(shift));
  }
  return in[0];
}

// Each shifted axis consists of two parts that change places: all combinations of these are moved
// as blocks.
void Roll::eval(const EvalContext& c) const {
  const Shape& shape = c.in_shape(0);
  const auto by = shifts_of(*this, shape);
  const Strides strides = strides_of(shape);
  const auto* const from = static_cast<const std::byte*>(c.ins[0].data);
  auto* const to = static_cast<std::byte*>(c.outs[0].data);
  std::uint32_t shifted = 0;  // bit i: axis i is shifted
  for (int i = 0; i < shape.rank(); ++i)
    if (by[static_cast<std::size_t>(i)] != 0) shifted |= 1U << i;
  for (std::uint32_t last = shifted;; last = (last - 1) & shifted) {  // bit i: axis i's last part
    Walk walk;
    std::int64_t read = 0, written = 0;
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const auto i = static_cast<std::size_t>(axis);
      const std::int64_t first = shape[axis] - by[i];
      const bool wraps = (last >> axis & 1U) != 0;
      walk.add(wraps ? by[i] : first, {strides[i], strides[i]});
      (wraps ? read : written) += (wraps ? first : by[i]) * strides[i];
    }
    const auto bytes = static_cast<std::int64_t>(size_of(c.ins[0].type.dtype));
    move(c.parallel, walk, c.ins[0].type.dtype, from + read * bytes, to + written * bytes);
    if (last == 0) break;
  }
}

Grads Roll::grad(const GradContext& g) const {
  std::vector<std::int64_t> back;
  for (const std::int64_t shift : shifts) back.push_back(-shift);
  return {roll(g.dout, back, axes)};
}

Samples Roll::samples(Rng& rng) {
  return {{Roll{{2}, {0}}, {rng.uniform({5})}},
          {Roll{{-1, 4}, {-1, 0}}, {rng.uniform({3, 4})}},
          {Roll{{1, 1, -1}, {1, 1, 2}}, {rng.uniform({2, 3, 4})}},
          {Roll{{7, -8}, {0, 1}}, {rng.uniform({3, 2})}},
          {Roll{{}, {}}, {rng.uniform({})}},
          {Roll{{3}, {0}}, {rng.uniform({0})}},
          {Roll{{3, 1}, {0, 1}}, {rng.uniform({0, 2})}}};
}

Type Repeat::infer(std::span<const Type> in) const {
  const Shape& shape = in[0].shape;
  const int along = normalize_axis(axis, shape.rank());
  if (count < 0) throw ArgumentError("count must not be negative, got " + std::to_string(count));
  if (shape[along] > 0 && count > std::numeric_limits<std::int64_t>::max() / shape[along])
    throw ShapeError("axis " + std::to_string(along) + " of " + to_string(shape) +
                     " cannot be repeated " + std::to_string(count) + " times");
  std::vector<std::int64_t> dims(shape.begin(), shape.end());
  dims[static_cast<std::size_t>(along)] *= count;
  return {in[0].dtype, Shape(dims)};
}

void Repeat::eval(const EvalContext& c) const {
  const AlongAxis along(c.in_shape(0), axis);
  Walk walk;
  walk.add(along.outer * along.length, {along.inner, count * along.inner});
  walk.add(count, {0, along.inner});
  walk.add(along.inner, {1, 1});
  move(c.parallel, walk, c.outs[0].type.dtype, c.ins[0].data, c.outs[0].data);
}

Grads Repeat::grad(const GradContext& g) const {
  const Value& x = g.in[0];
  if (count == 0) return {zeros_like(x)};
  const int along = normalize_axis(axis, x.rank());
  return {sum(unflatten(g.dout, along, {-1, count}), along + 1)};
}

Samples Repeat::samples(Rng& rng) {
  return {{Repeat{2, 0}, {rng.uniform({3})}},       {Repeat{3, -1}, {rng.uniform({2, 3})}},
          {Repeat{4, 1}, {rng.uniform({2, 3, 4})}}, {Repeat{1, 0}, {rng.uniform({2})}},
          {Repeat{0, 0}, {rng.uniform({2, 3})}},    {Repeat{2, 0}, {rng.uniform({0, 3})}}};
}

Value flip(const Operand& x) { return flip(x, Axes()); }
Value flip(const Operand& x, const Axes& axes) {
  const Building building("flip", {x});
  std::vector<Range> ranges(static_cast<std::size_t>(x.rank()));
  building.checked([&] {
    for (const std::int64_t axis : axes.given() ? *axes.given() : axes.of(x.rank())) {
      Range& range = ranges[static_cast<std::size_t>(normalize_axis(axis, x.rank()))];
      if (range.step < 0) throw ShapeError("axis " + std::to_string(axis) + " is given twice");
      range.step = -1;
    }
  });
  return slice(x, ranges);
}

Value roll(const Operand& x, std::int64_t shift, const Axes& axes) {
  return roll(x, std::vector(axes.of(x.rank()).size(), shift), axes);
}
Value roll(const Operand& x, const std::vector<std::int64_t>& shifts, const Axes& axes) {
  return apply(Roll{shifts, axes.given() ? *axes.given() : axes.of(x.rank())}, {x});
}
Value roll(const Operand& x, std::int64_t shift) {
  const Building building("roll", {x});
  return reshape_like(roll(flatten(x), shift, 0), x);
}

Value tile(const Operand& x, const std::vector<std::int64_t>& repeats) {
  const Building building("tile", {x});
  const auto rank = static_cast<std::size_t>(x.rank());
  Value out = x.value();
  if (repeats.size() > rank) {
    std::vector<std::int64_t> front(repeats.size() - rank);
    std::iota(front.begin(), front.end(), 0);
    out = unsqueeze(out, front);
  }
  for (std::size_t i = 0; i < repeats.size(); ++i) {
    const std::int64_t axis = -1 - static_cast<std::int64_t>(i);
    const std::int64_t count = repeats[repeats.size() - 1 - i];
    if (count == 1) continue;
    out = unsqueeze(out, {axis - 1});
    out = repeat(out, count, axis - 1);
    out = flatten(out, axis - 1, axis);
  }
  return out;
}

Value repeat(const Operand& x, std::int64_t count, std::int64_t axis) {
  return apply(Repeat{count, axis}, {x});
}
Value repeat(const Operand& x, std::int64_t count) {
  const Building building("repeat", {x});
  return repeat(flatten(x), count, 0);
}

void list_rearrange(Catalog& catalog) { catalog.add<Roll, Repeat>("shape"); }

}  // namespace dagrad
