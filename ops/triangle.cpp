#include "dagrad/ops/triangle.hpp"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/moving.hpp"

namespace dagrad {

namespace {

/// The walk between a tensor of this shape and a dense tensor of its diagonal.
struct DiagonalWalk {
  Walk walk;
  std::int64_t offset = 0;  ///< the offset of its first element
  DiagonalWalk(const DiagonalOf& op, const Shape& shape) {
    const Shape diagonal = op.diagonal(shape);
    const auto from = strides_of(shape), to = strides_of(diagonal);
    const int rows = normalize_axis(op.rows, shape.rank());
    const int columns = normalize_axis(op.columns, shape.rank());
    std::size_t axis = 0;
    for (int i = 0; i < shape.rank(); ++i) {
      if (i == rows || i == columns) continue;
      walk.add(shape[i], {from[static_cast<std::size_t>(i)], to[axis++]});
    }
    const std::int64_t down = from[static_cast<std::size_t>(rows)];
    const std::int64_t right = from[static_cast<std::size_t>(columns)];
    walk.add(diagonal[diagonal.rank() - 1], {down + right, 1});
    if (diagonal.elements() > 0) offset = op.offset < 0 ? -op.offset * down : op.offset * right;
  }
  std::int64_t bytes(DType dtype) const {
    return offset * static_cast<std::int64_t>(size_of(dtype));
  }
};

/// Puts operand 0 on a diagonal of result 0 and sets the rest to 0.
void put(const EvalContext& c, const DiagonalOf& op) {
  fill(c.parallel, c.outs[0], 0);
  const DiagonalWalk diagonal(op, c.out_shape());
  const DType dtype = c.outs[0].type.dtype;
  move(c.parallel, reversed(diagonal.walk), dtype, c.ins[0].data,
       static_cast<std::byte*>(c.outs[0].data) + diagonal.bytes(dtype));
}

}  // namespace

template <bool lower>
Type TrianglePart<lower>::infer(std::span<const Type> in) const {
  if (in[0].shape.rank() < 2)
    throw ShapeError("needs at least two axes, got " + to_string(in[0].shape));
  return in[0];
}

template <bool lower>
void TrianglePart<lower>::eval(const EvalContext& c) const {
  const Shape& shape = c.in_shape(0);
  const std::int64_t m = shape[shape.rank() - 2], n = shape[shape.rank() - 1];
  if (shape.elements() == 0) return;
  const auto size = static_cast<std::int64_t>(size_of(c.outs[0].type.dtype));
  const auto* const from = static_cast<const std::byte*>(c.ins[0].data);
  auto* const to = static_cast<std::byte*>(c.outs[0].data);
  const auto bytes = [&](std::int64_t elements) {
    return static_cast<std::size_t>(elements * size);
  };
  const std::int64_t bound = std::clamp(offset, -m, n);  // keeps sums from overflowing
  const std::int64_t rows = shape.elements() / n, grain = 1 + (1 << 16) / n;
  c.parallel.ranges(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t at = row * n * size;
      const std::int64_t cut = std::clamp(row % m + bound + (lower ? 1 : 0), std::int64_t{0}, n);
      const std::int64_t kept = lower ? 0 : cut, cleared = lower ? cut : 0;
      std::memcpy(to + at + kept * size, from + at + kept * size, bytes(lower ? cut : n - cut));
      std::memset(to + at + cleared * size, 0, bytes(lower ? n - cut : cut));
    }
  });
}

template <bool lower>
Grads TrianglePart<lower>::grad(const GradContext& g) const {
  return {apply(TrianglePart{offset}, {g.dout})};
}

template <bool lower>
Samples TrianglePart<lower>::samples(Rng& rng) {
  const auto part = [](std::int64_t from) { return TrianglePart{from}; };
  return {{part(0), {rng.uniform({3, 4})}},  {part(1), {rng.uniform({2, 3, 3})}},
          {part(-1), {rng.uniform({4, 2})}}, {part(-9), {rng.uniform({2, 2})}},
          {part(9), {rng.uniform({2, 2})}},  {part(0), {rng.uniform({0, 3})}},
          {part(0), {rng.uniform({2, 0})}}};
}

template struct TrianglePart<true>;
template struct TrianglePart<false>;

Shape DiagonalOf::diagonal(const Shape& shape) const {
  if (shape.rank() < 2) throw ShapeError("needs at least two axes, got " + to_string(shape));
  const int down = normalize_axis(rows, shape.rank());
  const int right = normalize_axis(columns, shape.rank());
  if (down == right) {
    throw ShapeError("needs two axes of " + to_string(shape) + ", got axis " +
                     std::to_string(down) + " twice");
  }
  std::vector<std::int64_t> dims;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (axis != down && axis != right) dims.push_back(shape[axis]);
  }
  const std::int64_t bound = std::clamp(offset, -shape[down], shape[right]);
  dims.push_back(std::min(shape[down] + std::min<std::int64_t>(bound, 0),
                          shape[right] - std::max<std::int64_t>(bound, 0)));
  return Shape(dims);
}

Type Diagonal::infer(std::span<const Type> in) const {
  return {in[0].dtype, diagonal(in[0].shape)};
}

void Diagonal::eval(const EvalContext& c) const {
  const DiagonalWalk diagonal(*this, c.in_shape(0));
  const DType dtype = c.outs[0].type.dtype;
  move(c.parallel, diagonal.walk, dtype,
       static_cast<const std::byte*>(c.ins[0].data) + diagonal.bytes(dtype), c.outs[0].data);
}

Grads Diagonal::grad(const GradContext& g) const {
  return {undiagonal_like(g.dout, g.in[0], offset, rows, columns)};
}

Samples Diagonal::samples(Rng& rng) {
  return {{Diagonal{{0, 0, 1}}, {rng.uniform({3, 4})}},
          {Diagonal{{1, 0, 1}}, {rng.uniform({3, 4})}},
          {Diagonal{{-1, 1, 0}}, {rng.uniform({3, 4})}},
          {Diagonal{{-1, -2, -1}}, {rng.uniform({2, 4, 3})}},
          {Diagonal{{0, 2, 0}}, {rng.uniform({2, 4, 3})}},
          {Diagonal{{7, 0, 1}}, {rng.uniform({2, 3})}},
          {Diagonal{{0, 0, 1}}, {rng.uniform({0, 3})}}};
}

Type UndiagonalLike::infer(std::span<const Type> in) const {
  if (const Shape wanted = diagonal(in[1].shape); wanted != in[0].shape) {
    throw ShapeError("the diagonal of " + to_string(in[1].shape) + " is " + to_string(wanted) +
                     ", but x is " + to_string(in[0].shape));
  }
  return {in[0].dtype, in[1].shape};
}

void UndiagonalLike::eval(const EvalContext& c) const { put(c, *this); }

Grads UndiagonalLike::grad(const GradContext& g) const {
  return {dagrad::diagonal(g.dout, offset, rows, columns), zero};
}

Samples UndiagonalLike::samples(Rng& rng) {
  return {{UndiagonalLike{{1, 0, 1}}, {rng.uniform({3}), rng.uniform({3, 4})}},
          {UndiagonalLike{{-1, 2, 0}}, {rng.uniform({4, 2}), rng.uniform({2, 4, 3})}},
          {UndiagonalLike{{5, 0, 1}}, {rng.uniform({0}), rng.uniform({2, 3})}},
          {.op = UndiagonalLike{{1, 0, 1}},
           .in = {Tensor::of({1.0, 2.0}), rng.uniform({2, 3})},
           .out = {Tensor::of<double>({{0, 1, 0}, {0, 0, 2}})}}};
}

Type DiagEmbed::infer(std::span<const Type> in) const {
  const Shape& shape = in[0].shape;
  if (shape.rank() == 0) throw ShapeError("needs at least one axis, got []");
  if (std::max(offset, -offset) > (std::int64_t{1} << 40) || offset == INT64_MIN)
    throw ArgumentError("offset " + std::to_string(offset) + " is too large");
  std::vector<std::int64_t> dims(shape.begin(), shape.end());
  dims.back() += std::max(offset, -offset);
  dims.push_back(dims.back());
  return {in[0].dtype, Shape(dims)};
}

void DiagEmbed::eval(const EvalContext& c) const { put(c, DiagonalOf{offset, -2, -1}); }
Grads DiagEmbed::grad(const GradContext& g) const { return {diagonal(g.dout, offset, -2, -1)}; }

Samples DiagEmbed::samples(Rng& rng) {
  return {{DiagEmbed{0}, {rng.uniform({3})}},
          {DiagEmbed{1}, {rng.uniform({2, 3})}},
          {DiagEmbed{-2}, {rng.uniform({2, 2})}},
          {DiagEmbed{0}, {rng.uniform({0})}},
          {DiagEmbed{1}, {rng.uniform({0})}}};
}

Value tril(const Operand& x, std::int64_t offset) { return apply(Tril{offset}, {x}); }
Value triu(const Operand& x, std::int64_t offset) { return apply(Triu{offset}, {x}); }
Value diagonal(const Operand& x, std::int64_t offset, std::int64_t rows, std::int64_t columns) {
  return apply(Diagonal{{offset, rows, columns}}, {x});
}
Value undiagonal_like(const Operand& x, const Operand& like, std::int64_t offset, std::int64_t rows,
                      std::int64_t columns) {
  return apply(UndiagonalLike{{offset, rows, columns}}, {x, like});
}
Value diag_embed(const Operand& x, std::int64_t offset) { return apply(DiagEmbed{offset}, {x}); }

Value diag(const Operand& x, std::int64_t offset) {
  const Building building("diag", {x});
  if (x.rank() == 1) return diag_embed(x, offset);
  if (x.rank() == 2) return diagonal(x, offset);
  throw ShapeError("diag: needs a vector or a matrix, got " + to_string(x.shape()) + made_at(x));
}

Value trace(const Operand& x, std::int64_t offset, std::int64_t rows, std::int64_t columns) {
  const Building building("trace", {x});
  return sum(diagonal(x, offset, rows, columns), -1);
}

void list_triangle(Catalog& catalog) {
  catalog.add<Tril, Triu, Diagonal, DiagEmbed, UndiagonalLike>("linear algebra");
}

}  // namespace dagrad
