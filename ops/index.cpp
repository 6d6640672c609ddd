#include "dagrad/ops/index.hpp"

#include <algorithm>
#include <string>

#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/indexing.hpp"
#include "ops/moving.hpp"
#include "ops/narrow.hpp"
#include "ops/slices.hpp"

namespace dagrad {

namespace {

constexpr std::int64_t columns_at_once = 512;  // of adjacent lines

/// The shape of the elements that indices select from a tensor.
template <bool along>
Shape gathered(const Shape& shape, const Type& indices, std::int64_t axis_given) {
  check_index_type(indices);
  const int axis = normalize_axis(axis_given, shape.rank());
  std::vector<std::int64_t> dims(shape.begin(), shape.end());
  if constexpr (along) {
    if (indices.shape.rank() == shape.rank())
      dims[static_cast<std::size_t>(axis)] = indices.shape[axis];
    if (Shape(dims) != indices.shape)
      throw ShapeError("indices must match " + to_string(shape) + " in all axes but " +
                       std::to_string(axis) + ", got " + to_string(indices.shape));
  } else {
    dims.erase(dims.begin() + axis);
    dims.insert(dims.begin() + axis, indices.shape.begin(), indices.shape.end());
  }
  return Shape(dims);
}

template <bool along>
Type scattered(std::span<const Type> in, std::int64_t axis) {
  const Shape wanted = gathered<along>(in[0].shape, in[1], axis);
  if (in[2].dtype != in[0].dtype)
    throw TypeError("x is " + std::string(name(in[0].dtype)) + ", but values are " +
                    std::string(name(in[2].dtype)) + "; convert with cast");
  if (in[2].shape != wanted)
    throw ShapeError("indices " + to_string(in[1].shape) + " select " + to_string(wanted) + " of " +
                     to_string(in[0].shape) + ", but values are " + to_string(in[2].shape));
  return in[0];
}

void check_range(const View& indices, const Shape& shape, std::int64_t axis) {
  const std::int64_t size = shape[normalize_axis(axis, shape.rank())];
  check_index_range(indices, [size](std::int64_t) { return size; });
}

/// Copies elements, where each line has its own indices.
template <class T, class I>
void gather_elements(const Parallel& parallel, const Places& p, const I* at, const T* from, T* to) {
  const std::int64_t grain = std::max<std::int64_t>(1, Places::task / p.inner);
  parallel.ranges(p.outer * p.count, grain, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t k = begin % p.count;
    const T* block = from + begin / p.count * p.length * p.inner;
    for (std::int64_t i = begin; i < end; ++i) {
      const I* const index = at + i * p.inner;
      for (std::int64_t j = 0; j < p.inner; ++j)
        to[i * p.inner + j] = block[p.row(index[j]) * p.inner + j];
      if (++k == p.count) k = 0, block += p.length * p.inner;
    }
  });
}

/// Calls `visit(i, place)` for each index i and the element that it names, line by line on the
/// pool; each line is visited in the order of its indices.
template <class I, class Visit>
void each_along(const Parallel& parallel, const Places& p, const I* at, Visit visit) {
  const std::int64_t pieces = (p.inner + columns_at_once - 1) / columns_at_once;
  const std::int64_t width = std::min(p.inner, columns_at_once);
  const std::int64_t grain = std::max<std::int64_t>(1, Places::task / (p.count * width + 1));
  parallel.ranges(p.outer * pieces, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t block = unit / pieces, first = unit % pieces * columns_at_once;
      const std::int64_t last = std::min(p.inner, first + columns_at_once);
      for (std::int64_t k = 0; k < p.count; ++k) {
        const std::int64_t i = (block * p.count + k) * p.inner;
        for (std::int64_t j = first; j < last; ++j)
          visit(i + j, (block * p.length + p.row(at[i + j])) * p.inner + j);
      }
    }
  });
}

/// Joins the values, operand 2, to those elements of operand 0 that the indices name.
template <bool along, class T, class To, class Join>
void scatter_into(const EvalContext& c, std::int64_t axis, To* to, Join join) {
  const Places places(c.in_shape(0), c.in_shape(1), axis, along);
  const auto* const values = static_cast<const T*>(c.ins[2].data);
  if (c.ins[2].type.elements() == 0) return;
  with_indices(c.ins[1], [&](const auto* at) {
    if constexpr (along)
      each_along(c.parallel, places, at,
                 [&](std::int64_t i, std::int64_t place) { join(to[place], values[i]); });
    else
      scatter_slices(c, places, at, values, to, join);
  });
}

/// Applies the op to the values, broadcast to the shape that the indices select; the op itself
/// refuses values that do not fit.
template <bool along, class T>
Value scattering(const T& op, const Operand& x, const Operand& indices, const Operand& values) {
  const Building building(T::name, {x, indices, values});
  const Value named = apply(Gather<along>{{op.axis}}, {x, indices});
  if (values.is_literal() || broadcasts_to(values.shape(), named.shape()))
    return apply(op, {x, indices, broadcast_like(values, named)});
  return apply(op, {x, indices, values});
}

}  // namespace

template <bool along>
Type Gather<along>::infer(std::span<const Type> in) const {
  return {in[0].dtype, gathered<along>(in[0].shape, in[1], axis)};
}
template <bool along>
void Gather<along>::validate(std::span<const View> in) const {
  check_range(in[1], in[0].type.shape, axis);
}
template <bool along>
void Gather<along>::eval(const EvalContext& c) const {
  const Places places(c.in_shape(0), c.in_shape(1), axis, along);
  if (c.outs[0].type.elements() == 0) return;
  dispatch_width(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    with_indices(c.ins[1], [&](const auto* at) {
      const auto* const from = static_cast<const T*>(c.ins[0].data);
      auto* const to = static_cast<T*>(c.outs[0].data);
      if constexpr (along)
        gather_elements(c.parallel, places, at, from, to);
      else
        gather_slices(c.parallel, places, at, from, to);
    });
  });
}
/// Only the selected elements are read, and the indices.
template <bool along>
double Gather<along>::cost(const PlanContext& plan) const {
  return 20 + static_cast<double>(2 * plan.out[0].bytes() + plan.in[1].bytes()) / 8;
}

template <bool along>
Grads Gather<along>::grad(const GradContext& g) const {
  return {apply(ScatterSum<along>{{axis}}, {zeros_like(g.in[0]), g.in[1], g.dout}), zero};
}

template <bool along>
Type ScatterSum<along>::infer(std::span<const Type> in) const {
  if (!number_dtypes.contains(in[0].dtype))
    throw TypeError(std::string(dagrad::name(in[0].dtype)) + " elements cannot be added; x is " +
                    to_string(in[0]) + "; convert with cast");
  return scattered<along>(in, axis);
}
template <bool along>
void ScatterSum<along>::validate(std::span<const View> in) const {
  check_range(in[1], in[0].type.shape, axis);
}
template <bool along>
std::size_t ScatterSum<along>::scratch(const PlanContext& plan) const {
  const Type& type = plan.out[0];
  return is_stored_only(type.dtype) ? static_cast<std::size_t>(type.elements()) * sizeof(float) : 0;
}
template <bool along>
void ScatterSum<along>::eval(const EvalContext& c) const {
  const Type& type = c.outs[0].type;
  if (is_stored_only(type.dtype)) {
    with_narrow_float(type.dtype, [&]<class T>(std::type_identity<T>) {
      auto* const sums = static_cast<float*>(c.scratch());
      convert_all(c.parallel, c.in<T>(0).data(), sums, type.elements());
      scatter_into<along, T>(c, axis, sums, [](float& to, T value) { to += value; });
      convert_all(c.parallel, sums, c.out<T>().data(), type.elements());
    });
    return;
  }
  copy(c);
  with_int_or_float(type.dtype, [&]<class T>(std::type_identity<T>) {
    scatter_into<along, T>(c, axis, c.out<T>().data(),
                           [](T& to, T value) { to = SumFold<T>::join(to, value); });
  });
}
template <bool along>
Grads ScatterSum<along>::grad(const GradContext& g) const {
  return {g.dout, zero, g.if_wanted(2, [&] {
            return apply(Gather<along>{{axis}}, {g.dout, g.in[1]});
          })};
}

template <bool along>
Type ScatterPut<along>::infer(std::span<const Type> in) const {
  return scattered<along>(in, axis);
}
template <bool along>
void ScatterPut<along>::validate(std::span<const View> in) const {
  check_range(in[1], in[0].type.shape, axis);
}
template <bool along>
void ScatterPut<along>::eval(const EvalContext& c) const {
  copy(c);
  dispatch_width(c.outs[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    scatter_into<along, T>(c, axis, static_cast<T*>(c.outs[0].data),
                           [](T& to, T value) { to = value; });
  });
}
template <bool along>
Grads ScatterPut<along>::grad(const GradContext& g) const {
  const Value &x = g.in[0], &indices = g.in[1], &values = g.in[2];
  const auto kept = [&] {
    return apply(ScatterPut{{axis}}, {g.dout, indices, zeros_like(values)});
  };
  const auto put = [&] {
    Value last = apply(LastNamed<along>{{axis}}, {indices, x});
    if constexpr (!along) {
      std::vector<std::int64_t> behind;
      for (int i = normalize_axis(axis, x.rank()) + 1; i < x.rank(); ++i)
        behind.push_back(-1 - static_cast<std::int64_t>(behind.size()));
      last = unsqueeze(last, behind);
    }
    return where(last, apply(Gather<along>{{axis}}, {g.dout, indices}), 0);
  };
  return {g.if_wanted(0, kept), zero, g.if_wanted(2, put)};
}

template <bool along>
Type LastNamed<along>::infer(std::span<const Type> in) const {
  gathered<along>(in[1].shape, in[0], axis);
  return {b8, in[0].shape};
}
template <bool along>
void LastNamed<along>::validate(std::span<const View> in) const {
  check_range(in[0], in[1].type.shape, axis);
}
template <bool along>
std::size_t LastNamed<along>::scratch(const PlanContext& plan) const {
  const Shape& like = plan.in[1].shape;
  const std::int64_t places = along ? like.elements() : like[normalize_axis(axis, like.rank())];
  return static_cast<std::size_t>(places) * sizeof(std::int64_t);
}
template <bool along>
void LastNamed<along>::eval(const EvalContext& c) const {
  Places places(c.in_shape(1), c.in_shape(0), axis, along);
  if (c.outs[0].type.elements() == 0) return;
  if (!along) places.outer = places.inner = 1;  // all slices share the indices
  auto* const last = static_cast<std::int64_t*>(c.scratch());
  bool* const out = c.out<bool>().data();
  with_indices(c.ins[0], [&](const auto* at) {
    each_along(c.parallel, places, at, [&](std::int64_t i, std::int64_t p) { last[p] = i; });
    each_along(c.parallel, places, at,
               [&](std::int64_t i, std::int64_t p) { out[i] = last[p] == i; });
  });
}
template <bool along>
Grads LastNamed<along>::grad(const GradContext&) const {
  return {zero, zero};
}

template struct Gather<false>;
template struct Gather<true>;
template struct ScatterSum<false>;
template struct ScatterSum<true>;
template struct ScatterPut<false>;
template struct ScatterPut<true>;
template struct LastNamed<false>;
template struct LastNamed<true>;

Value take(const Operand& x, const Operand& indices, std::int64_t axis) {
  return apply(Take{{axis}}, {x, indices});
}
Value embedding(const Operand& table, const Operand& indices) {
  const Building building("embedding", {table, indices});
  return take(table, indices, 0);
}
Value scatter_add(const Operand& x, const Operand& indices, const Operand& values,
                  std::int64_t axis) {
  return scattering<false>(ScatterAdd{{axis}}, x, indices, values);
}
Value scatter(const Operand& x, const Operand& indices, const Operand& values, std::int64_t axis) {
  return scattering<false>(Scatter{{axis}}, x, indices, values);
}
Value take_along_axis(const Operand& x, const Operand& indices, std::int64_t axis) {
  return apply(TakeAlongAxis{{axis}}, {x, indices});
}
Value add_along_axis(const Operand& x, const Operand& indices, const Operand& values,
                     std::int64_t axis) {
  return scattering<true>(AddAlongAxis{{axis}}, x, indices, values);
}
Value put_along_axis(const Operand& x, const Operand& indices, const Operand& values,
                     std::int64_t axis) {
  return scattering<true>(PutAlongAxis{{axis}}, x, indices, values);
}

void list_index(Catalog& catalog) {
  catalog.add<Take, TakeAlongAxis, ScatterAdd, AddAlongAxis, Scatter, PutAlongAxis, LastNamedLike,
              LastAlongAxisLike>("index");
}

}  // namespace dagrad
