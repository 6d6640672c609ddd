#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/moving.hpp"
#include "ops/unrolling.hpp"

namespace dagrad {

namespace {

/// Bit i is set if axis i is named. Throws ShapeError for an axis outside of the rank or named
/// twice.
std::uint32_t named(const std::vector<std::int64_t>& axes, int rank) {
  std::uint32_t mask = 0;
  for (const std::int64_t axis : axes) {
    const std::uint32_t bit = 1U << normalize_axis(axis, rank);
    if ((mask & bit) != 0) throw ShapeError("axis " + std::to_string(axis) + " is given twice");
    mask |= bit;
  }
  return mask;
}

/// The walk from a tensor to the one with permuted axes.
Walk transposing(const std::vector<std::int64_t>& axes, const Shape& in, const Shape& out) {
  const auto from = strides_of(in), to = strides_of(out);
  Walk walk;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const int axis = normalize_axis(axes[i], in.rank());
    walk.add(out[static_cast<int>(i)], {from[static_cast<std::size_t>(axis)], to[i]});
  }
  return walk;
}

std::string to_text(const std::vector<std::int64_t>& sizes) {
  std::string text;
  for (const std::int64_t size : sizes) text += (text.empty() ? "" : ",") + std::to_string(size);
  return "[" + text + "]";
}

}  // namespace

Type Reshape::infer(std::span<const Type> in) const {
  const auto refuse = [&](const std::string& why) {
    return ShapeError("cannot reshape " + to_string(in[0].shape) + " to " + to_text(shape) + ": " +
                      why);
  };
  const std::int64_t elements = in[0].elements();
  std::vector<std::int64_t> dims = shape;
  const auto open = std::find(dims.begin(), dims.end(), -1);
  if (open != dims.end()) {
    *open = 1;
    if (std::find(dims.begin(), dims.end(), -1) != dims.end()) throw refuse("-1 is given twice");
    const std::int64_t rest = Shape(dims).elements();
    if (rest == 0) throw refuse("-1 could be any size");
    if (elements % rest != 0) {
      throw refuse(std::to_string(elements) + " elements are not a multiple of " +
                   std::to_string(rest));
    }
    *open = elements / rest;
  }
  const Shape result(dims);
  if (result.elements() != elements) {
    throw refuse(std::to_string(elements) + " elements, not " + std::to_string(result.elements()));
  }
  return {in[0].dtype, result};
}

void Reshape::eval(const EvalContext& c) const { copy(c); }
Grads Reshape::grad(const GradContext& g) const { return {reshape_like(g.dout, g.in[0])}; }

Samples Reshape::samples(Rng& rng) {
  return {{Reshape{{3, -1}}, {rng.uniform({2, 3})}},
          {Reshape{{}}, {rng.uniform({1})}},
          {Reshape{{0, 5}}, {rng.uniform({2, 0, 3})}}};
}

Type Flatten::infer(std::span<const Type> in) const {
  const Shape& shape = in[0].shape;
  if (shape.rank() == 0) {
    if (first < -1 || first > 0 || last < -1 || last > 0) normalize_axis(first, 0);
    return {in[0].dtype, {1}};
  }
  const int from = normalize_axis(first, shape.rank()), to = normalize_axis(last, shape.rank());
  if (from > to) {
    throw ShapeError("first axis " + std::to_string(first) + " comes after last axis " +
                     std::to_string(last) + " of " + to_string(shape));
  }
  std::vector<std::int64_t> dims(shape.begin(), shape.begin() + from + 1);
  for (int axis = from + 1; axis < shape.rank(); ++axis) {
    if (axis <= to)
      dims.back() *= shape[axis];
    else
      dims.push_back(shape[axis]);
  }
  return {in[0].dtype, Shape(dims)};
}

void Flatten::eval(const EvalContext& c) const { copy(c); }
Grads Flatten::grad(const GradContext& g) const { return {reshape_like(g.dout, g.in[0])}; }

Samples Flatten::samples(Rng& rng) {
  return {{Flatten{}, {rng.uniform({2, 3})}},
          {Flatten{1, -1}, {rng.uniform({2, 3, 2})}},
          {Flatten{-3, 1}, {rng.uniform({2, 3, 2})}},
          {Flatten{}, {rng.uniform({})}},
          {Flatten{}, {rng.uniform({2, 0})}}};
}

Type Unflatten::infer(std::span<const Type> in) const {
  const Shape& shape = in[0].shape;
  const int at = normalize_axis(axis, shape.rank());
  Type parts{in[0].dtype, {shape[at]}};
  try {
    parts = Reshape{sizes}.infer({&parts, 1});
  } catch (const ShapeError&) {
    throw ShapeError("cannot divide axis " + std::to_string(at) + " of " + to_string(shape) +
                     " into " + to_text(sizes));
  }
  std::vector<std::int64_t> dims(shape.begin(), shape.begin() + at);
  dims.insert(dims.end(), parts.shape.begin(), parts.shape.end());
  dims.insert(dims.end(), shape.begin() + at + 1, shape.end());
  return {in[0].dtype, Shape(dims)};
}

void Unflatten::eval(const EvalContext& c) const { copy(c); }
Grads Unflatten::grad(const GradContext& g) const { return {reshape_like(g.dout, g.in[0])}; }

Samples Unflatten::samples(Rng& rng) {
  return {{Unflatten{1, {2, -1}}, {rng.uniform({2, 6, 1})}},
          {Unflatten{-1, {}}, {rng.uniform({3, 1})}},
          {Unflatten{0, {2, 0}}, {rng.uniform({0, 3})}},
          {.op = Unflatten{0, {2, 2}},
           .in = {Tensor::of({1.0, 2.0, 3.0, 4.0})},
           .out = {Tensor::of({{1.0, 2.0}, {3.0, 4.0}})}}};
}

Type Squeeze::infer(std::span<const Type> in) const {
  const Shape& shape = in[0].shape;
  const std::uint32_t dropped = named(axes, shape.rank());
  std::vector<std::int64_t> dims;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if ((dropped >> axis & 1U) == 0) {
      if (all && shape[axis] == 1)
        throw ShapeError("drops the axes that had size 1 when the graph was built, but " +
                         std::string("axis ") + std::to_string(axis) + " of " + to_string(shape) +
                         " now has size 1 as well");
      dims.push_back(shape[axis]);
    } else if (shape[axis] != 1) {
      throw ShapeError("axis " + std::to_string(axis) + " of " + to_string(shape) +
                       " must have size 1, but has " + std::to_string(shape[axis]));
    }
  }
  return {in[0].dtype, Shape(dims)};
}

void Squeeze::eval(const EvalContext& c) const { copy(c); }
Grads Squeeze::grad(const GradContext& g) const { return {reshape_like(g.dout, g.in[0])}; }

Samples Squeeze::samples(Rng& rng) {
  return {{Squeeze{{0, -2}}, {rng.uniform({1, 3, 1, 2})}},
          {Squeeze{{}}, {rng.uniform({2})}},
          {Squeeze{{0}, true}, {rng.uniform({1, 3})}},
          {Squeeze{{1}}, {rng.uniform({0, 1})}}};
}

Type Unsqueeze::infer(std::span<const Type> in) const {
  const Shape& shape = in[0].shape;
  const int rank = shape.rank() + static_cast<int>(axes.size());
  if (rank > max_rank) {
    throw ShapeError("rank " + std::to_string(rank) + " is more than " + std::to_string(max_rank));
  }
  const std::uint32_t added = named(axes, rank);
  std::vector<std::int64_t> dims;
  for (int axis = 0, old = 0; axis < rank; ++axis) {
    dims.push_back((added >> axis & 1U) != 0 ? 1 : shape[old++]);
  }
  return {in[0].dtype, Shape(dims)};
}

void Unsqueeze::eval(const EvalContext& c) const { copy(c); }
Grads Unsqueeze::grad(const GradContext& g) const { return {reshape_like(g.dout, g.in[0])}; }

Samples Unsqueeze::samples(Rng& rng) {
  return {{Unsqueeze{{0, -1}}, {rng.uniform({2, 3})}},
          {Unsqueeze{{1}}, {rng.uniform({2, 3})}},
          {Unsqueeze{{0}}, {rng.uniform({})}},
          {Unsqueeze{{1}}, {rng.uniform({0})}}};
}

Type Transpose::infer(std::span<const Type> in) const {
  const Shape& shape = in[0].shape;
  if (static_cast<int>(axes.size()) != shape.rank()) {
    throw ShapeError("axes " + to_text(axes) + " are not a permutation of the " +
                     std::to_string(shape.rank()) + " axes of " + to_string(shape));
  }
  named(axes, shape.rank());
  std::vector<std::int64_t> dims;
  for (const std::int64_t axis : axes) dims.push_back(shape[normalize_axis(axis, shape.rank())]);
  return {in[0].dtype, Shape(dims)};
}

void Transpose::eval(const EvalContext& c) const {
  move(c.parallel, transposing(axes, c.in_shape(0), c.out_shape()), c.outs[0].type.dtype,
       c.ins[0].data, c.outs[0].data);
}
bool Transpose::unroll(Unrolled& code) const {
  return unroll_moves(code, transposing(axes, code.in[0].shape, code.out[0].shape));
}

Grads Transpose::grad(const GradContext& g) const {
  std::vector<std::int64_t> back(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const int axis = normalize_axis(axes[i], g.in[0].rank());
    back[static_cast<std::size_t>(axis)] = static_cast<std::int64_t>(i);
  }
  return {transpose(g.dout, back)};
}

Samples Transpose::samples(Rng& rng) {
  return {{Transpose{{1, 0}}, {rng.uniform({2, 3})}},
          {Transpose{{2, 0, -2}}, {rng.uniform({2, 3, 4})}},
          {Transpose{{}}, {rng.uniform({})}},
          {Transpose{{1, 2, 0}}, {rng.uniform({3, 0, 2})}}};
}

Type BroadcastTo::infer(std::span<const Type> in) const {
  if (!broadcasts_to(in[0].shape, shape)) {
    throw ShapeError("cannot broadcast " + to_string(in[0].shape) + " to " + to_string(shape));
  }
  return {in[0].dtype, shape};
}

Grads BroadcastTo::grad(const GradContext& g) const { return {g.dout}; }

Samples BroadcastTo::samples(Rng& rng) {
  return {{BroadcastTo{{2, 3}}, {rng.uniform({3})}},
          {BroadcastTo{{4, 2, 3}}, {rng.uniform({2, 1})}},
          {BroadcastTo{{2, 0}}, {rng.uniform({})}}};
}

Value reshape(const Operand& x, const Dimensions& shape) {
  return apply(Reshape{shape.sizes()}, {x});
}
Value flatten(const Operand& x, std::int64_t first, std::int64_t last) {
  return apply(Flatten{first, last}, {x});
}
Value unflatten(const Operand& x, std::int64_t axis, const std::vector<std::int64_t>& sizes) {
  return apply(Unflatten{axis, sizes}, {x});
}
Value squeeze(const Operand& x) {
  std::vector<std::int64_t> axes;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (x.shape()[axis] == 1) axes.push_back(axis);
  }
  return apply(Squeeze{axes, true}, {x});
}
Value squeeze(const Operand& x, const Axes& axes) {
  if (!axes.given()) return squeeze(x);
  return apply(Squeeze{*axes.given()}, {x});
}
Value unsqueeze(const Operand& x, const Axes& axes) {
  return apply(Unsqueeze{axes.given().value_or(std::vector<std::int64_t>())}, {x});
}
Value transpose(const Operand& x) {
  std::vector<std::int64_t> axes(static_cast<std::size_t>(x.rank()));
  std::iota(axes.rbegin(), axes.rend(), 0);
  return transpose(x, axes);
}
Value transpose(const Operand& x, const Axes& axes) {
  if (!axes.given()) return transpose(x);
  return apply(Transpose{*axes.given()}, {x});
}
Value broadcast_to(const Operand& x, const Shape& shape) { return apply(BroadcastTo{shape}, {x}); }

void list_shape_views(Catalog& catalog) {
  catalog.add<Reshape, Flatten, Unflatten, Squeeze, Unsqueeze, Transpose, BroadcastTo>("shape");
}

}  // namespace dagrad
