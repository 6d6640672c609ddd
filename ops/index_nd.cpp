#include <string>

#include "dagrad/ops/index.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/indexing.hpp"

namespace dagrad {

namespace {

constexpr std::int64_t gathered_per_task = 1 << 14;

/// The number of axes that a row of indices names.
int named_axes(const Type& indices, const Shape& shape) {
  check_index_type(indices);
  const int rank = indices.shape.rank();
  if (rank == 0)
    throw ShapeError("indices need at least one axis, with one index for each axis of x, got []");
  if (indices.shape[rank - 1] > shape.rank()) {
    throw ShapeError("indices " + to_string(indices.shape) + " name " +
                     std::to_string(indices.shape[rank - 1]) + " axes, but " + to_string(shape) +
                     " has " + std::to_string(shape.rank()));
  }
  return static_cast<int>(indices.shape[rank - 1]);
}

}  // namespace

Type LinearIndexLike::infer(std::span<const Type> in) const {
  const Shape& indices = in[0].shape;
  if (const int named = named_axes(in[0], in[1].shape); axes >= 0 && named != axes)
    throw ShapeError("indices " + to_string(indices) + " name " + std::to_string(named) +
                     " axes, not " + std::to_string(axes));
  return {i64, Shape(std::vector<std::int64_t>(indices.begin(), indices.end() - 1))};
}

void LinearIndexLike::validate(std::span<const View> in) const {
  const Shape& shape = in[1].type.shape;
  const int named = named_axes(in[0].type, shape);
  check_index_range(in[0], [&](std::int64_t i) { return shape[static_cast<int>(i % named)]; });
}

void LinearIndexLike::eval(const EvalContext& c) const {
  const Shape& shape = c.in_shape(1);
  const int named = named_axes(c.ins[0].type, shape);
  std::int64_t* const out = c.out<std::int64_t>().data();
  with_indices(c.ins[0], [&](const auto* at) {
    c.parallel.ranges(c.out_shape().elements(), gathered_per_task,
                      [&](std::int64_t begin, std::int64_t end) {
                        for (std::int64_t i = begin; i < end; ++i) {
                          std::int64_t place = 0;
                          for (int axis = 0; axis < named; ++axis) {
                            const std::int64_t index = at[i * named + axis];
                            place = place * shape[axis] + (index < 0 ? index + shape[axis] : index);
                          }
                          out[i] = place;
                        }
                      });
  });
}

Grads LinearIndexLike::grad(const GradContext&) const { return {zero, zero}; }

Samples LinearIndexLike::samples(Rng& rng) {
  const auto ints = [](const Shape& shape, const std::vector<std::int64_t>& values) {
    return Tensor(shape, values);
  };
  return {{.op = LinearIndexLike{},
           .in = {ints({3, 2}, {0, 0, 1, -1, -2, 2}), rng.uniform({2, 3, 4})},
           .out = {ints({3}, {0, 5, 2})}},
          {.op = LinearIndexLike{},
           .in = {ints({2, 1, 1}, {2, -1}).cast(i32), rng.uniform({3})},
           .out = {ints({2, 1}, {2, 2})}},
          {.op = LinearIndexLike{},
           .in = {ints({3}, {1, 1, -4}), rng.uniform({2, 3, 4})},
           .out = {ints({}, {16})}},
          {LinearIndexLike{}, {ints({2, 0}, {}), rng.uniform({3})}},
          {LinearIndexLike{}, {ints({0, 1}, {}), rng.uniform({0})}}};
}

Value linear_index_like(const Operand& indices, const Operand& like) {
  return apply(LinearIndexLike{}, {indices, like});
}

Value gather_nd(const Operand& x, const Operand& indices) {
  const Building building("gather_nd", {x, indices});
  const std::int64_t axes = indices.rank() == 0 ? -1 : indices.shape()[indices.rank() - 1];
  const Value rows = apply(LinearIndexLike{axes}, {indices, x});
  const Value flat = axes == 0 ? unsqueeze(x, {0}) : flatten(x, 0, axes - 1);
  return take(flat, rows, 0);
}

void list_index_nd(Catalog& catalog) { catalog.add<LinearIndexLike>("index"); }

}  // namespace dagrad
