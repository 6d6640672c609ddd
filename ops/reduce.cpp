#include "dagrad/ops/reduce.hpp"

#include <string>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/recurrence.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "dagrad/scratch.hpp"
#include "ops/accumulator.hpp"
#include "ops/families.hpp"
#include "ops/moving.hpp"
#include "ops/narrow.hpp"
#include "ops/sum.hpp"
#include "ops/unrolling.hpp"

namespace dagrad {

namespace {

/// For each element, the product of all others along an axis: of those before it and those after
/// it.
Value product_of_others(const Value& x, std::int64_t axis) {
  const Value zeros = zeros_like(x);
  return recurrence(zeros, x, axis, false, 1) * recurrence(zeros, x, axis, true, 1);
}

}  // namespace

std::uint32_t OverAxes::mask(int rank) const {
  std::uint32_t mask = 0;
  for (const std::int64_t axis : axes) {
    const std::uint32_t bit = 1U << normalize_axis(axis, rank);
    if ((mask & bit) != 0) throw ShapeError("axis " + std::to_string(axis) + " is given twice");
    mask |= bit;
  }
  return mask;
}

Shape Reduction::reduced(const Shape& in) const {
  const std::uint32_t reduced = mask(in.rank());
  std::vector<std::int64_t> dims;
  for (int axis = 0; axis < in.rank(); ++axis) {
    if ((reduced >> axis & 1U) == 0)
      dims.push_back(in[axis]);
    else if (keep_dims)
      dims.push_back(1);
  }
  return Shape(dims);
}

void OverAxes::refuse_empty(const Shape& in) const {
  if (count(in) == 0)
    throw ShapeError("needs at least one element to reduce, got " + to_string(in));
}

std::int64_t OverAxes::count(const Shape& in) const {
  std::int64_t count = 1;
  for (const std::int64_t axis : axes) count *= in[normalize_axis(axis, in.rank())];
  return count;
}

Value Reduction::expanded(const Value& result, int rank) const {
  const std::uint32_t reduced = mask(rank);
  const bool leading = ((reduced + 1) & reduced) == 0;  // broadcasting restores them by itself
  return keep_dims || leading ? result : unsqueeze(result, axes);
}

namespace {

/// The memory of sums that are rounded to a narrow dtype afterwards.
struct NarrowSums {
  ScratchLayout layout;
  Reducer reducer;
  ScratchPart sums;
  NarrowSums(const Shape& in, std::uint32_t axes)
      : reducer(in, axes, sizeof(float), layout), sums(layout.add<float>(reducer.results())) {}
};

template <class T>
void sum_narrow(const EvalContext& c, std::uint32_t axes, std::int64_t divisor) {
  const std::span<T> out = c.out<T>();
  const NarrowSums memory(c.in_shape(0), axes);
  const std::span<float> sums = memory.sums.in<float>(c.scratch());
  reduce<SumFold<float>>(memory.reducer, c, c.in<T>(0).data(), sums.data());
  divide_all(sums, divisor);
  convert_all(c.parallel, sums.data(), out.data(), static_cast<std::int64_t>(out.size()));
}

}  // namespace

void sum_axes(const EvalContext& c, std::uint32_t axes, std::int64_t divisor) {
  const DType dtype = c.ins[0].type.dtype;
  if (is_stored_only(dtype)) {
    with_narrow_float(dtype,
                      [&]<class T>(std::type_identity<T>) { sum_narrow<T>(c, axes, divisor); });
    return;
  }
  dispatch(dtype, [&]<class T>(std::type_identity<T>) {
    fold_into<SumFold<Wide<T>>, Stored<T>>(c, axes);
    if constexpr (std::is_floating_point_v<T>) divide_all(c.out<T>(), divisor);
  });
}
std::size_t sum_scratch(const PlanContext& plan, std::uint32_t axes) {
  return is_stored_only(plan.out[0].dtype) ? NarrowSums(plan.in[0].shape, axes).layout.bytes()
                                           : reduction_scratch(plan, axes);
}

Type Sum::infer(std::span<const Type> in) const {
  return {is_float(in[0].dtype) ? in[0].dtype : i64, reduced(in[0].shape)};
}
std::size_t Sum::scratch(const PlanContext& plan) const {
  return sum_scratch(plan, mask(plan.in[0].shape.rank()));
}
double Sum::flops(const PlanContext& plan) const {
  return static_cast<double>(plan.in[0].elements());
}
void Sum::eval(const EvalContext& c) const { sum_axes(c, mask(c.in_shape(0).rank())); }

bool Sum::unroll(Unrolled& code) const { return unroll_sum(code, mask(code.in[0].shape.rank())); }

Grads Sum::grad(const GradContext& g) const {
  return {broadcast_like(expanded(g.dout, g.in[0].rank()), g.in[0])};
}

Samples Sum::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{Sum{{{0, 2}, false}}, {x({2, 3, 4})}},
          {Sum{{{1}, true}}, {x({2, 3})}},
          {Sum{{{0}, false}}, {x({2, 3})}},
          {Sum{{{0, 1}, false}}, {x({2, 3})}},
          {Sum{{{}, false}}, {x({})}},
          {Sum{{{1}, false}}, {x({2, 0})}}};
}

Type Mean::infer(std::span<const Type> in) const {
  refuse_empty(in[0].shape);
  return {in[0].dtype, reduced(in[0].shape)};
}
std::size_t Mean::scratch(const PlanContext& plan) const {
  return sum_scratch(plan, mask(plan.in[0].shape.rank()));
}
double Mean::flops(const PlanContext& plan) const {
  return static_cast<double>(plan.in[0].elements());
}
void Mean::eval(const EvalContext& c) const {
  sum_axes(c, mask(c.in_shape(0).rank()), count(c.in_shape(0)));
}

bool Mean::unroll(Unrolled& code) const {
  return unroll_sum(code, mask(code.in[0].shape.rank()), count(code.in[0].shape));
}

Grads Mean::grad(const GradContext& g) const {
  const Value& x = g.in[0];
  const DType compute = compute_dtype(x.dtype());
  const Value share =
      compute == x.dtype()  // float16 does not hold every number of elements
          ? g.dout / count_like(x, axes)
          : cast(cast(g.dout, compute) / count_like(cast(x, compute), axes), x.dtype());
  return {broadcast_like(expanded(share, x.rank()), x)};
}

Samples Mean::samples(Rng& rng) {
  return {{Mean{{{0, 2}, false}}, {rng.uniform({2, 3, 4}, -2, 2)}},
          {Mean{{{1}, true}}, {rng.uniform({2, 3}, -2, 2)}},
          {Mean{{{}, false}}, {rng.uniform({}, -2, 2)}},
          {Mean{{{1}, false}}, {rng.uniform({0, 3})}}};
}

Type Prod::infer(std::span<const Type> in) const {
  return {is_float(in[0].dtype) ? in[0].dtype : i64, reduced(in[0].shape)};
}
std::size_t Prod::scratch(const PlanContext& plan) const {
  return sum_scratch(plan, mask(plan.in[0].shape.rank()));
}
void Prod::eval(const EvalContext& c) const {
  dispatch(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    fold_into<ProdFold<Wide<T>>, Stored<T>>(c, mask(c.in_shape(0).rank()));
  });
}

// Axis by axis: the product over several axes is the product over one of them of products over the
// others.
Grads Prod::grad(const GradContext& g) const {
  std::vector<Value> products{g.in[0]};
  for (std::size_t i = 0; i + 1 < axes.size(); ++i) {
    products.push_back(prod(products.back(), axes[i], true));
  }
  Value dout = expanded(g.dout, g.in[0].rank());
  for (std::size_t i = axes.size(); i-- > 0;) {
    dout = pull(dout, product_of_others(products[i], axes[i]));
  }
  return {dout};
}

Samples Prod::samples(Rng& rng) {
  Tensor zeros = rng.uniform({3, 4}, -2, 2);  // none, one or two of them in a row
  for (const std::size_t at : {5U, 8U, 10U}) zeros.mutate<double>()[at] = 0;
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{Prod{{{0, 2}, false}}, {x({2, 3, 2})}},
          {Prod{{{1}, true}}, {x({2, 3})}},
          {Prod{{{0}, false}}, {x({2, 3})}},
          {Prod{{{0, 1}, false}}, {x({2, 3})}},
          {Prod{{{}, false}}, {x({})}},
          {Prod{{{1}, false}}, {x({2, 0})}},
          {Prod{{{1}, false}}, {zeros}}};
}

template <bool universal>
Type Quantifier<universal>::infer(std::span<const Type> in) const {
  return {b8, reduced(in[0].shape)};
}
template <bool universal>
std::size_t Quantifier<universal>::scratch(const PlanContext& plan) const {
  return reduction_scratch(plan, mask(plan.in[0].shape.rank()));
}
template <bool universal>
void Quantifier<universal>::eval(const EvalContext& c) const {
  const std::uint32_t over = mask(c.in_shape(0).rank());
  dispatch(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    using Fold = QuantifierFold<universal>;
    if constexpr (std::is_same_v<T, bool>)
      fold_into<Fold, Stored<T>>(c, over);
    else
      fold_into<Fold, T>(c, over, [](T x) -> std::uint8_t { return x != 0; });
  });
}

template <bool universal>
Grads Quantifier<universal>::grad(const GradContext&) const {
  return {zero};
}
template <bool universal>
Samples Quantifier<universal>::samples(Rng& rng) {
  return {{Quantifier{{{1}, false}}, {rng.integers({3, 2}, 0, 2, b8)}},
          {Quantifier{{{0}, true}}, {rng.integers({3, 4}, 0, 2)}},
          {Quantifier{{{0, 1}, false}}, {rng.integers({2, 3}, 0, 2, b8)}},
          {Quantifier{{{1}, false}}, {Tensor({b8, {2, 0}})}}};
}

template struct Quantifier<false>;
template struct Quantifier<true>;

Type CountNonzero::infer(std::span<const Type> in) const { return {i64, reduced(in[0].shape)}; }
std::size_t CountNonzero::scratch(const PlanContext& plan) const {
  return reduction_scratch(plan, mask(plan.in[0].shape.rank()));
}
void CountNonzero::eval(const EvalContext& c) const {
  const std::uint32_t over = mask(c.in_shape(0).rank());
  if (c.ins[0].type.dtype == b8) return sum_axes(c, over);
  with_int_or_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    fold_into<SumFold<std::int64_t>, T>(c, over, [](T x) -> std::int64_t { return x != 0; });
  });
}
Grads CountNonzero::grad(const GradContext&) const { return {zero}; }
Samples CountNonzero::samples(Rng& rng) {
  return {{CountNonzero{{{1}, false}}, {rng.integers({3, 2}, 0, 2)}},
          {CountNonzero{{{0}, true}}, {rng.integers({3, 4}, 0, 2, b8)}},
          {CountNonzero{{{}, false}}, {rng.uniform({}, 1, 2)}},
          {CountNonzero{{{0, 1}, false}}, {rng.uniform({2, 0})}}};
}

Type CountLike::infer(std::span<const Type> in) const {
  mask(in[0].shape.rank());
  if (less > 0 && count(in[0].shape) <= less)
    throw ShapeError("must be positive: the axes of " + to_string(in[0].shape) + " span " +
                     std::to_string(count(in[0].shape)) + " elements, minus " +
                     std::to_string(less));
  return {in[0].dtype, {}};
}
void CountLike::eval(const EvalContext& c) const {
  fill(c.parallel, c.outs[0], static_cast<double>(count(c.in_shape(0)) - less));
}
bool CountLike::unroll(Unrolled& code) const {
  const auto elements = static_cast<double>(count(code.in[0].shape) - less);
  code.write(0, code.fill(code.out[0].dtype, elements, 1));
  return true;
}
Grads CountLike::grad(const GradContext&) const { return {zero}; }
Samples CountLike::samples(Rng& rng) {
  return {{CountLike{{{0, 2}}, 1}, {rng.uniform({2, 3, 4})}},
          {CountLike{{{}}, 0}, {rng.uniform({})}},
          {.op = CountLike{{{0, 2}}, 1}, .in = {rng.uniform({2, 3, 4})}, .out = {Tensor(7.0)}},
          {.op = CountLike{{{1}}, 0}, .in = {rng.uniform({2, 0})}, .out = {Tensor(0.0)}}};
}

Value sum(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(Sum{{axes.of(x.rank()), keep_dims}}, {x});
}
Value mean(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(Mean{{axes.of(x.rank()), keep_dims}}, {x});
}
Value prod(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(Prod{{axes.of(x.rank()), keep_dims}}, {x});
}
Value any(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(Any{{axes.of(x.rank()), keep_dims}}, {x});
}
Value all(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(All{{axes.of(x.rank()), keep_dims}}, {x});
}
Value count_nonzero(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(CountNonzero{{axes.of(x.rank()), keep_dims}}, {x});
}
Value count_like(const Operand& like, const Axes& axes, std::int64_t less) {
  return apply(CountLike{{axes.of(like.rank())}, less}, {like});
}

void list_reduce(Catalog& catalog) {
  catalog.add<Sum, Mean, Prod, Any, All, CountNonzero, CountLike>("reduce");
}

}  // namespace dagrad
