#include <algorithm>
#include <string>

#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/moving.hpp"
#include "ops/unrolling.hpp"

namespace dagrad {

namespace {

constexpr std::int64_t most_padding = std::int64_t{1} << 48;

Positions positions_on(const std::vector<Range>& ranges, const Shape& shape, int axis) {
  const auto i = static_cast<std::size_t>(axis);
  return positions(i < ranges.size() ? ranges[i] : Range{}, shape[axis]);
}

Shape sliced(const std::vector<Range>& ranges, const Shape& shape) {
  if (static_cast<int>(ranges.size()) > shape.rank()) {
    throw ShapeError("got " + std::to_string(ranges.size()) + " ranges for the " +
                     std::to_string(shape.rank()) + " axes of " + to_string(shape));
  }
  std::vector<std::int64_t> dims;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    dims.push_back(positions_on(ranges, shape, axis).count);
  }
  return Shape(dims);
}

/// The walk between a tensor of this shape, `from`, and a dense tensor of its slice, `to`.
struct SliceWalk {
  Walk walk;
  std::int64_t offset = 0;
  SliceWalk(const std::vector<Range>& ranges, const Shape& shape) {
    const auto from = strides_of(shape), to = strides_of(sliced(ranges, shape));
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const Positions at = positions_on(ranges, shape, axis);
      const auto i = static_cast<std::size_t>(axis);
      walk.add(at.count, {at.step * from[i], to[i]});
      offset += at.first * from[i];
    }
  }
  /// The bytes from the beginning of the tensor to the first element of the slice.
  std::int64_t bytes(DType dtype) const {
    return offset * static_cast<std::int64_t>(size_of(dtype));
  }
};

/// Puts operand 0 where the ranges take a slice from in result 0, and leaves the rest unchanged.
void put(const EvalContext& c, const std::vector<Range>& ranges) {
  const SliceWalk slice(ranges, c.out_shape());
  const DType dtype = c.outs[0].type.dtype;
  move(c.parallel, reversed(slice.walk), dtype, c.ins[0].data,
       static_cast<std::byte*>(c.outs[0].data) + slice.bytes(dtype));
}

/// Where pad puts its operand.
std::vector<Range> inner_ranges(const std::vector<std::int64_t>& before,
                                const std::vector<std::int64_t>& after) {
  std::vector<Range> ranges;
  for (std::size_t i = 0; i < before.size(); ++i) {
    Range range{.begin = before[i]};
    if (after[i] > 0) range.end = -after[i];
    ranges.push_back(range);
  }
  return ranges;
}

}  // namespace

Type Slice::infer(std::span<const Type> in) const {
  return {in[0].dtype, sliced(ranges, in[0].shape)};
}

void Slice::eval(const EvalContext& c) const {
  const SliceWalk slice(ranges, c.in_shape(0));
  const DType dtype = c.outs[0].type.dtype;
  move(c.parallel, slice.walk, dtype,
       static_cast<const std::byte*>(c.ins[0].data) + slice.bytes(dtype), c.outs[0].data);
}

bool Slice::unroll(Unrolled& code) const {
  const SliceWalk slice(ranges, code.in[0].shape);
  return unroll_moves(code, slice.walk, slice.offset);
}

/// Only the part of the operand that becomes the result is read.
double Slice::cost(const PlanContext& plan) const {
  return 20 + static_cast<double>(plan.out[0].bytes()) / 4;
}

Grads Slice::grad(const GradContext& g) const { return {unslice_like(g.dout, g.in[0], ranges)}; }

Samples Slice::samples(Rng& rng) {
  return {{Slice{{{1, 3}, {.step = -1}}}, {rng.uniform({4, 3})}},
          {Slice{{{}, {.begin = -1, .step = -2}}}, {rng.uniform({2, 6})}},
          {Slice{{{0, 99, 3}}}, {rng.uniform({7, 2})}},
          {Slice{{{2, 2}}}, {rng.uniform({4})}},
          {Slice{{}}, {rng.uniform({})}}};
}

Type UnsliceLike::infer(std::span<const Type> in) const {
  if (const Shape slice = sliced(ranges, in[1].shape); slice != in[0].shape) {
    throw ShapeError("the slice " + to_string(ranges) + " of " + to_string(in[1].shape) + " is " +
                     to_string(slice) + ", but x is " + to_string(in[0].shape));
  }
  return {in[0].dtype, in[1].shape};
}

void UnsliceLike::eval(const EvalContext& c) const {
  fill(c.parallel, c.outs[0], 0);
  put(c, ranges);
}

Grads UnsliceLike::grad(const GradContext& g) const { return {slice(g.dout, ranges), zero}; }

Samples UnsliceLike::samples(Rng& rng) {
  return {{UnsliceLike{{{1, 3}, {.step = -1}}}, {rng.uniform({2, 3}), rng.uniform({4, 3})}},
          {UnsliceLike{{{}, {0, 5, 2}}}, {rng.uniform({2, 3}), rng.uniform({2, 6})}},
          {UnsliceLike{{{2, 2}}}, {rng.uniform({0}), rng.uniform({4})}},
          {UnsliceLike{{}}, {rng.uniform({}), rng.uniform({})}},
          {.op = UnsliceLike{{{.step = -2}}},
           .in = {Tensor::of({1.0, 2.0}), rng.uniform({4})},
           .out = {Tensor::of<double>({0, 2, 0, 1})}}};
}

Type Pad::infer(std::span<const Type> in) const {
  const Shape& shape = in[0].shape;
  const auto rank = static_cast<std::size_t>(shape.rank());
  if (before.size() != rank || after.size() != rank) {
    throw ShapeError("needs one number before and one after each axis of " + to_string(shape) +
                     ", got " + std::to_string(before.size()) + " and " +
                     std::to_string(after.size()));
  }
  std::vector<std::int64_t> dims;
  for (std::size_t i = 0; i < rank; ++i) {
    if (before[i] < 0 || after[i] < 0) {
      throw ArgumentError("cannot pad by " + std::to_string(std::min(before[i], after[i])) +
                          " elements; use slice to remove elements");
    }
    if (before[i] > most_padding || after[i] > most_padding) {
      throw ShapeError("cannot pad by " + std::to_string(std::max(before[i], after[i])) +
                       " elements: a shape has at most 2^48");
    }
    dims.push_back(shape[static_cast<int>(i)] + before[i] + after[i]);
  }
  Literal(value).bits(in[0].dtype);
  return {in[0].dtype, Shape(dims)};
}

void Pad::eval(const EvalContext& c) const {
  fill(c.parallel, c.outs[0], value);
  put(c, inner_ranges(before, after));
}

Grads Pad::grad(const GradContext& g) const { return {slice(g.dout, inner_ranges(before, after))}; }

Samples Pad::samples(Rng& rng) {
  return {{Pad{{1, 0}, {0, 2}, 0}, {rng.uniform({2, 3})}},
          {Pad{{2}, {1}, -1.5}, {rng.uniform({3})}},
          {Pad{{1, 1}, {1, 0}, 4}, {rng.uniform({0, 2})}},
          {Pad{{}, {}, 0}, {rng.uniform({})}}};
}

Value slice(const Operand& x, const std::vector<Range>& ranges) {
  return apply(Slice{ranges}, {x});
}
Value slice(const Operand& x, std::int64_t axis, const Range& range) {
  const Building building("slice", {x});
  const int along = building.checked([&] { return normalize_axis(axis, x.rank()); });
  std::vector<Range> ranges(static_cast<std::size_t>(along) + 1);
  ranges.back() = range;
  return slice(x, ranges);
}
Value Value::part(const Indices& indices) const {
  const Operand x(*this, indices.where());
  const Building building("x[...]", {x});
  const std::vector<Range> ranges = indices.ranges(x.shape());
  const Value part = slice(x, ranges);
  const std::vector<std::int64_t> dropped = indices.dropped();
  return dropped.empty() ? part : squeeze(part, dropped);
}
Value unslice_like(const Operand& x, const Operand& like, const std::vector<Range>& ranges) {
  return apply(UnsliceLike{ranges}, {x, like});
}
Value pad(const Operand& x, const std::vector<std::int64_t>& before,
          const std::vector<std::int64_t>& after, double value) {
  return apply(Pad{before, after, value}, {x});
}

void list_shape_slices(Catalog& catalog) {
  catalog.add<Slice, Pad>("shape");
  catalog.add<UnsliceLike>("structural");
}

}  // namespace dagrad
