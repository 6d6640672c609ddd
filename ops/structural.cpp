#include "dagrad/ops/structural.hpp"

#include <algorithm>

#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/moving.hpp"
#include "ops/sum.hpp"
#include "ops/unrolling.hpp"

namespace dagrad {

namespace {

constexpr std::size_t most_terms = 16;  // of one add_n

}  // namespace

std::uint32_t repeated_axes(const Shape& x, const Shape& like) {
  std::uint32_t axes = 0;
  const int before = x.rank() - like.rank();
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (axis < before || (like[axis - before] == 1 && x[axis] != 1)) axes |= 1U << axis;
  }
  return axes;
}

Grads AddN::grad(const GradContext& g) const { return Grads(g.in.size(), g.dout); }

Samples AddN::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{AddN{}, {x({2, 3})}},
          {AddN{}, {x({2, 3}), x({2, 3}), x({2, 3})}},
          {AddN{}, {x({}), x({3}), x({2, 1}), x({2, 3})}},
          {AddN{}, {x({0, 3}), x({0, 3})}}};
}

Type SumToLike::infer(std::span<const Type> in) const {
  if (!broadcasts_to(in[1].shape, in[0].shape)) {
    throw ShapeError("cannot sum " + to_string(in[0].shape) + " to " + to_string(in[1].shape) +
                     ", which does not broadcast to it");
  }
  return {in[0].dtype, in[1].shape};
}

std::size_t SumToLike::scratch(const PlanContext& plan) const {
  const Shape& shape = plan.in[0].shape;
  return sum_scratch(plan, repeated_axes(shape, plan.in[1].shape));
}

double SumToLike::flops(const PlanContext& plan) const {
  return static_cast<double>(plan.in[0].elements());
}

void SumToLike::eval(const EvalContext& c) const {
  sum_axes(c, repeated_axes(c.in_shape(0), c.in_shape(1)));
}

bool SumToLike::unroll(Unrolled& code) const {
  return unroll_sum(code, repeated_axes(code.in[0].shape, code.in[1].shape));
}

Grads SumToLike::grad(const GradContext& g) const {
  return {broadcast_like(g.dout, g.in[0]), zero};
}

Samples SumToLike::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{SumToLike{}, {x({2, 3}), x({3})}},
          {SumToLike{}, {x({2, 3}), x({2, 1})}},
          {SumToLike{}, {x({2, 3, 4}), x({3, 1})}},
          {SumToLike{}, {x({2, 3}), x({})}},
          {SumToLike{}, {x({2, 3}), x({2, 3})}},
          {SumToLike{}, {x({0, 3}), x({1, 3})}},
          {SumToLike{}, {x({}), x({})}},
          {.op = SumToLike{},
           .in = {Tensor::of<double>({{1, 2, 3}, {4, 5, 6}}), x({2, 1})},
           .out = {Tensor::of<double>({{6}, {15}})}}};
}

Type BroadcastLike::infer(std::span<const Type> in) const {
  if (!broadcasts_to(in[0].shape, in[1].shape)) {
    throw ShapeError("cannot broadcast " + to_string(in[0].shape) + " to " +
                     to_string(in[1].shape));
  }
  return {in[0].dtype, in[1].shape};
}

Grads BroadcastLike::grad(const GradContext& g) const { return {g.dout, zero}; }

Samples BroadcastLike::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{BroadcastLike{}, {x({3}), x({2, 3})}},
          {BroadcastLike{}, {x({2, 1}), x({2, 3})}},
          {BroadcastLike{}, {x({}), x({2, 3})}},
          {BroadcastLike{}, {x({2, 3}), x({2, 3})}},
          {BroadcastLike{}, {x({1, 3}), x({0, 3})}},
          {BroadcastLike{}, {x({}), x({})}},
          {.op = BroadcastLike{},
           .in = {Tensor::of<double>({1, 2, 3}), x({2, 3})},
           .out = {Tensor::of<double>({{1, 2, 3}, {1, 2, 3}})}}};
}

Type ReshapeLike::infer(std::span<const Type> in) const {
  if (in[0].elements() != in[1].elements()) {
    throw ShapeError("cannot reshape " + to_string(in[0].shape) + " to " + to_string(in[1].shape) +
                     ": " + std::to_string(in[0].elements()) + " elements, not " +
                     std::to_string(in[1].elements()));
  }
  return {in[0].dtype, in[1].shape};
}

void ReshapeLike::eval(const EvalContext& c) const { copy(c); }

Grads ReshapeLike::grad(const GradContext& g) const {
  return {reshape_like(g.dout, g.in[0]), zero};
}

Samples ReshapeLike::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{ReshapeLike{}, {x({2, 3}), x({3, 2})}},
          {ReshapeLike{}, {x({1, 1}), x({})}},
          {ReshapeLike{}, {x({0, 3}), x({5, 0})}},
          {.op = ReshapeLike{},
           .in = {Tensor::of<double>({1, 2, 3, 4}), x({2, 2})},
           .out = {Tensor::of<double>({{1, 2}, {3, 4}})}}};
}

Type BatchLike::infer(std::span<const Type> in) const {
  if (in[1].shape.rank() == 0)
    throw ShapeError("needs a `like` whose first axis is that of the batch, got []");
  std::vector<std::int64_t> dims{in[1].shape[0]};
  dims.insert(dims.end(), in[0].shape.begin(), in[0].shape.end());
  return {in[0].dtype, Shape(dims)};
}

void BatchLike::eval(const EvalContext& c) const {
  const std::int64_t elements = c.ins[0].type.elements();
  Walk walk;
  walk.add(c.out_shape()[0], {0, elements});
  walk.add(elements, {1, 1});
  move(c.parallel, walk, c.outs[0].type.dtype, c.ins[0].data, c.outs[0].data);
}

Grads BatchLike::grad(const GradContext& g) const { return {sum(g.dout, 0), zero}; }

Samples BatchLike::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{BatchLike{}, {x({3}), x({2})}},
          {BatchLike{}, {x({2, 3}), x({4, 5})}},
          {BatchLike{}, {x({}), x({3, 1})}},
          {BatchLike{}, {x({0, 3}), x({2})}},
          {BatchLike{}, {x({3}), x({0, 2})}},
          {.op = BatchLike{},
           .in = {Tensor::of<double>({1, 2, 3}), x({2, 1})},
           .out = {Tensor::of<double>({{1, 2, 3}, {1, 2, 3}})}}};
}

Grads FullLike::grad(const GradContext&) const { return {zero}; }

Samples FullLike::samples(Rng& rng) {
  return {{FullLike{1.5}, {rng.uniform({2, 3})}},
          {.op = FullLike{-1.5}, .in = {rng.uniform({2})}, .out = {Tensor::of({-1.5, -1.5})}}};
}

Value add_n(std::span<const Value> values, Location where) {
  if (values.empty()) throw ArgumentError("add_n: needs at least one value" + made_at(where));
  const Building building("add_n", values, where);
  std::vector<Operand> terms(values.begin(), values.end()), sums;
  while (terms.size() > 1) {
    for (std::size_t at = 0; at < terms.size(); at += most_terms) {
      const auto group = std::span(terms).subspan(at, std::min(most_terms, terms.size() - at));
      sums.push_back(group.size() == 1 ? group[0] : dagrad::apply(AddN{}, group));
    }
    terms.swap(sums);
    sums.clear();
  }
  return terms.front().value();
}
Value add_n(std::initializer_list<Value> values, Location where) {
  return add_n(std::span(values.begin(), values.size()), where);
}

Value sum_to_like(const Operand& x, const Operand& like) { return apply(SumToLike{}, {x, like}); }
Value broadcast_like(const Operand& x, const Operand& like) {
  return apply(BroadcastLike{}, {x, like});
}
Value reshape_like(const Operand& x, const Operand& like) {
  return apply(ReshapeLike{}, {x, like});
}
Value batch_like(const Operand& x, const Operand& like) { return apply(BatchLike{}, {x, like}); }
Value zeros_like(const Operand& like) { return full_like(like, 0); }
Value ones_like(const Operand& like) { return full_like(like, 1); }
Value full_like(const Operand& like, double value) { return apply(FullLike{value}, {like}); }

void list_structural(Catalog& catalog) {
  catalog.add<AddN, SumToLike, BroadcastLike, ReshapeLike, BatchLike, FullLike>("structural");
}

}  // namespace dagrad
