#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <utility>

#include "dagrad/functions.hpp"
#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "ops/product_sums.hpp"
#include "ops/pulled.hpp"

/// The gradients of softmax and its logarithm: sums along an axis, with which an assembled loop
/// then computes the elements while they lie in the cache.
namespace dagrad {

namespace {

std::uint32_t mask_of(std::int64_t axis, const Shape& shape) {
  return std::uint32_t{1} << normalize_axis(axis, shape.rank());
}

/// The sum of each line of elements along the axis.
struct LineSums {
  ScratchLayout layout;
  Reducer reducer;
  ScratchPart sums;
  LineSums(const Type& type, std::int64_t axis)
      : reducer(type.shape, mask_of(axis, type.shape), size_of(type.dtype), layout,
                Reducer::several_steps),
        sums(layout.add(type.dtype, reducer.results())) {}
};

/// The loop for a formula of d, y and the sum of their line.
template <class Formula>
std::shared_ptr<const ProgramLoop> line_loop(const PlanContext& plan, std::int64_t axis,
                                             Formula formula) {
  const Type& type = plan.in[0];
  const ReductionSpace space(type.shape, mask_of(axis, type.shape));
  Recorder recorder;
  const Symbol d = recorder.input(type.dtype), y = recorder.input(type.dtype);
  const Symbol result = formula(d, y, recorder.input(type.dtype));
  const std::int64_t steps[] = {1, 1, space.columns == 1 ? 0 : 1};
  return std::make_shared<const ProgramLoop>(
      plan.machine().loop(std::move(recorder).finish({&result, 1}, type.dtype), steps));
}

/// Runs the loop over the elements of a unit; narrow adjacent rows are taken together.
template <class T>
void run_lines(const ReductionSpace& space, const Reducer::Unit& unit, const ProgramLoop& loop,
               const T* d, const T* y, const T* sums, T* out) {
  constexpr std::int64_t wide = 512;
  const std::int64_t width = unit.width;
  const bool narrow = space.columns > 1 && width == space.columns && width < wide;
  std::array<T, wide> repeated;
  const std::int64_t together = narrow ? wide / width : 1;
  for (std::int64_t i = 0; narrow && i < together; ++i)
    std::copy_n(sums, width, repeated.data() + i * width);
  const auto run = [&](std::int64_t at, std::int64_t n) {
    const void* const in[] = {d + at, y + at, narrow ? repeated.data() : sums};
    void* const results[] = {out + at};
    loop(in, results, n);
  };
  each_run(space, unit, [&](std::int64_t offset, std::int64_t rows) {
    if (space.columns == 1) return run(offset, rows);
    for (std::int64_t row = 0; row < rows; row += together)
      run(offset + row * space.columns, std::min(together, rows - row) * width);
  });
}

/// Runs the prepared loop with the sums that `find(part, d, y, to)` finds for parts of the lines.
template <class Find>
void pull_lines(const EvalContext& c, std::int64_t axis, Find find) {
  const LineSums lines(c.ins[0].type, axis);
  const ReductionSpace& space = lines.reducer.space();
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const T *const d = c.in<T>(0).data(), *const y = c.in<T>(1).data();
    T* const sums = lines.sums.in<T>(c.scratch()).data();
    lines.reducer.each_part(c, Reducer::several_steps, [&](const ReductionPart& part) {
      find(part, d, y, sums);
      part.each_unit(Reducer::several_steps, [&](const Reducer::Unit& unit) {
        run_lines(space, unit, c.state<ProgramLoop>(), d, y, sums + unit.result, c.out<T>().data());
      });
    });
  });
}

Type check_pair(std::span<const Type> in, std::int64_t axis) {
  normalize_axis(axis, in[0].shape.rank());
  if (in[1] != in[0])
    throw ShapeError("needs " + to_string(in[0]) + " after the cotangent, got " + to_string(in[1]));
  return in[0];
}

template <class T>
Samples pairs(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{T{}, {x({2, 5}), x({2, 5})}},        {T{0}, {x({3}), x({3})}},
          {T{1}, {x({2, 3, 2}), x({2, 3, 2})}}, {T{0}, {x({7, 3}), x({7, 3})}},
          {T{}, {x({0, 3}), x({0, 3})}},        {T{}, {x({3, 0}), x({3, 0})}}};
}

}  // namespace

Type SoftmaxGradient::infer(std::span<const Type> in) const { return check_pair(in, axis); }
std::size_t SoftmaxGradient::scratch(const PlanContext& plan) const {
  return LineSums(plan.in[0], axis).layout.bytes();
}
std::shared_ptr<const ProgramLoop> SoftmaxGradient::prepare(const PlanContext& plan) const {
  return line_loop(plan, axis, [](const Symbol& d, const Symbol& y, const Symbol& sum) {
    return pull(d - sum, y);
  });
}
void SoftmaxGradient::eval(const EvalContext& c) const {
  pull_lines(c, axis, []<class T>(const ReductionPart& part, const T* d, const T* y, T* sums) {
    part.fold<ProductSums<T, false>>(d, {sums + part.first()}, d, y, part.machine());
    const T *const first = sums + part.first(), *const last = first + part.results();
    if (std::any_of(first, last, [](T sum) { return std::isnan(sum); }))
      fold_part<SumFold<T>>(part, d, sums, ReadPulled<T>{d, y});
  });
}
Grads SoftmaxGradient::grad(const GradContext& g) const {
  const Value &d = g.in[0], &y = g.in[1], &h = g.dout;
  const auto dot = [&](const Value& v) { return sum(pull(v, y), axis, true); };
  return {g.if_wanted(0,
                      [&] {
                        return apply(*this, {h, y});
                      }),
          g.if_wanted(1, [&] { return joint(h, d - dot(d)) - joint(d, dot(h)); })};
}
Samples SoftmaxGradient::samples(Rng& rng) {
  Samples all = pairs<SoftmaxGradient>(rng);
  all.push_back({.op = SoftmaxGradient{},
                 .in = {Tensor::of({{3.0, 9.0}, {4.0, 2.0}}), Tensor::of({{1.0, 0.0}, {0.5, 0.5}})},
                 .out = {Tensor::of({{0.0, 0.0}, {0.5, -0.5}})}});
  return all;
}

Type LogSoftmaxGradient::infer(std::span<const Type> in) const { return check_pair(in, axis); }
std::size_t LogSoftmaxGradient::scratch(const PlanContext& plan) const {
  return LineSums(plan.in[0], axis).layout.bytes();
}
std::shared_ptr<const ProgramLoop> LogSoftmaxGradient::prepare(const PlanContext& plan) const {
  return line_loop(plan, axis, [](const Symbol& d, const Symbol& y, const Symbol& sum) {
    return d - pull(sum, exp(y));
  });
}
void LogSoftmaxGradient::eval(const EvalContext& c) const {
  pull_lines(c, axis, []<class T>(const ReductionPart& part, const T* d, const T*, T* sums) {
    fold_part<SumFold<T>>(part, d, sums);
  });
}
Grads LogSoftmaxGradient::grad(const GradContext& g) const {
  const Value &d = g.in[0], &h = g.dout, p = exp(g.in[1]);
  return {g.if_wanted(0, [&] { return h - sum(pull(h, p), axis, true); }),
          g.if_wanted(1, [&] { return neg(joint(h, pull(sum(d, axis, true), p))); })};
}
Samples LogSoftmaxGradient::samples(Rng& rng) {
  Samples all = pairs<LogSoftmaxGradient>(rng);
  all.push_back(
      {.op = LogSoftmaxGradient{},
       .in = {Tensor::of({{3.0, 9.0}, {4.0, -4.0}}), Tensor::of({{0.0, 0.0}, {5.0, 7.0}})},
       .out = {Tensor::of({{-9.0, -3.0}, {4.0, -4.0}})}});
  return all;
}

}  // namespace dagrad
