#include <algorithm>
#include <vector>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "ops/accumulator.hpp"
#include "ops/families.hpp"

namespace dagrad {

namespace {

/// Finds the position of an extremum, given the extrema and the memory in which elements are folded
/// to them.
struct ArgExtremumMemory {
  ScratchLayout layout;
  Reducer reducer;
  ScratchPart extrema;
  ArgExtremumMemory(const Type& in, std::uint32_t axes)
      : reducer(in.shape, axes, size_of(in.dtype), layout),
        extrema(layout.add(in.dtype, reducer.results())) {}
};

/// For each result, the first position in x that has its value, NaN included.
template <class T>
void find_values(const ReductionSpace& space, const Parallel& parallel, const T* x, const T* value,
                 std::int64_t* position) {
  find_first(space, parallel, x, position, [value](T element, std::int64_t result) {
    const T wanted = value[result];
    return element == wanted || (element != element && wanted != wanted);
  });
}

}  // namespace

template <bool largest>
Type Extremum<largest>::infer(std::span<const Type> in) const {
  refuse_empty(in[0].shape);
  return {in[0].dtype, reduced(in[0].shape)};
}
template <bool largest>
std::size_t Extremum<largest>::scratch(const PlanContext& plan) const {
  return reduction_scratch(plan, mask(plan.in[0].shape.rank()));
}
template <bool largest>
void Extremum<largest>::eval(const EvalContext& c) const {
  dispatch(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    fold_into<ExtremumFold<largest, Stored<T>>, Stored<T>>(c, mask(c.in_shape(0).rank()));
  });
}

template <bool largest>
void Extremum<largest>::decisions(std::span<const View> in, std::span<const View> out,
                                  const DecisionSink& sink) const {
  const Shape& shape = in[0].type.shape;
  const ReductionSpace space(shape, mask(shape.rank()));
  std::vector<std::int64_t> position(static_cast<std::size_t>(space.results()));
  dispatch(in[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    find_values(space, Inline(), static_cast<const Stored<T>*>(in[0].data),
                static_cast<const Stored<T>*>(out[0].data), position.data());
  });
  for (const std::int64_t at : position) sink(at);
}

// Elements that are not chosen get gradient 0 for any cotangent. Next to a NaN none is chosen, and
// nothing equals it: 0/0 makes the gradient of the whole group NaN.
template <bool largest>
Grads Extremum<largest>::grad(const GradContext& g) const {
  const Value &x = g.in[0], out = expanded(g.out, x.rank());
  const Value ties = cast(count_nonzero(equal(x, out), axes, true), x.dtype());
  const Value share = pull(expanded(g.dout, x.rank()), ties / ties / ties);
  return {where(largest ? less(x, out) : greater(x, out), 0, share)};
}

template <bool largest>
Samples Extremum<largest>::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  const Tensor tied = Tensor::of<double>({{1, 3, 3}, {2, 2, 2}});
  return {{Extremum{{{0, 2}, false}}, {x({2, 3, 4})}},
          {Extremum{{{1}, true}}, {x({2, 3})}},
          {Extremum{{{0}, false}}, {x({2, 3})}},
          {Extremum{{{}, false}}, {x({})}},
          {Extremum{{{1}, false}}, {x({0, 3})}},
          {.op = Extremum{{{1}, false}}, .in = {tied}, .ties = true}};
}

template <bool largest>
Type ArgExtremum<largest>::infer(std::span<const Type> in) const {
  refuse_empty(in[0].shape);
  return {i64, reduced(in[0].shape)};
}
template <bool largest>
std::size_t ArgExtremum<largest>::scratch(const PlanContext& plan) const {
  return ArgExtremumMemory(plan.in[0], mask(plan.in[0].shape.rank())).layout.bytes();
}
template <bool largest>
void ArgExtremum<largest>::eval(const EvalContext& c) const {
  const ArgExtremumMemory memory(c.ins[0].type, mask(c.in_shape(0).rank()));
  dispatch(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const auto* const x = static_cast<const Stored<T>*>(c.ins[0].data);
    Stored<T>* const extrema = memory.extrema.in<Stored<T>>(c.scratch()).data();
    reduce<ExtremumFold<largest, Stored<T>>>(memory.reducer, c, x, extrema);
    find_values(memory.reducer.space(), c.parallel, x, extrema, c.out<std::int64_t>().data());
  });
}

template <bool largest>
Samples ArgExtremum<largest>::samples(Rng& rng) {
  return {{ArgExtremum{{{1}, false}}, {rng.uniform({2, 3}, -2, 2)}},
          {ArgExtremum{{{0}, true}}, {rng.uniform({2, 3}, -2, 2)}},
          {ArgExtremum{{{0, 1}, false}}, {rng.uniform({2, 3}, -2, 2)}},
          {ArgExtremum{{{0}, false}}, {Tensor::of<double>({2, 3, 1, 3, 1, 2})}}};
}
template <bool largest>
Grads ArgExtremum<largest>::grad(const GradContext&) const {
  return {zero};
}

template struct Extremum<false>;
template struct Extremum<true>;
template struct ArgExtremum<false>;
template struct ArgExtremum<true>;

Value max(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(Max{{axes.of(x.rank()), keep_dims}}, {x});
}
Value min(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(Min{{axes.of(x.rank()), keep_dims}}, {x});
}
Value argmax(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(ArgMax{{axes.of(x.rank()), keep_dims}}, {x});
}
Value argmin(const Operand& x, const Axes& axes, bool keep_dims) {
  return apply(ArgMin{{axes.of(x.rank()), keep_dims}}, {x});
}

void list_reduce_order(Catalog& catalog) { catalog.add<Max, Min, ArgMax, ArgMin>("reduce"); }

}  // namespace dagrad
