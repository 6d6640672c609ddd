#include <algorithm>
#include <cmath>
#include <string>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/random.hpp"
#include "ops/accumulator.hpp"
#include "ops/pulled.hpp"
#include "ops/standardize.hpp"

/// Computes means over axes and then writes every element using them. If a unit of the reduction
/// contains all elements of its results, both steps run while it lies in the cache. The rare cases,
/// NaN and cotangents of 0, are kept out of line, so that the compiler keeps the other loops tight.
namespace dagrad {

namespace {

/// For each result, the means of the cotangents and of their products with y.
struct GradientMemory {
  ScratchLayout layout;
  Reducer reducer;
  ScratchPart mean, slope;
  GradientMemory(const Type& type, std::uint32_t axes)
      : reducer(type.shape, axes, size_of(type.dtype), layout),
        mean(layout.add(type.dtype, reducer.results())),
        slope(layout.add(type.dtype, reducer.results())) {}
};

template <class T>
class StandardizeSlope {
 public:
  StandardizeSlope(const EvalContext& c, const GradientMemory& memory)
      : space_(memory.reducer.space()),
        d_(c.in<T>(0).data()),
        y_(c.in<T>(1).data()),
        r_(c.in<T>(2).data()),
        out_(c.out<T>().data()),
        mean_(memory.mean.in<T>(c.scratch()).data()),
        slope_(memory.slope.in<T>(c.scratch()).data()) {}

  /// Computes the means of a part.
  void take(const ReductionPart& part, bool centred) const {
    const std::int64_t first = part.first(), last = first + part.results();
    if (centred)
      take_mean(part, Widen<T>(), mean_);
    else
      std::fill(mean_ + first, mean_ + last, T(0));
    take_mean(part, ReadProduct<T>{d_, y_}, slope_);
    const auto is_nan = [](T x) { return x != x; };
    if (std::any_of(slope_ + first, slope_ + last, is_nan)) take_pulled(part);
  }

  /// out = r · (d − mean − y · slope) for the elements of a unit.
  void write(const Reducer::Unit& unit) const {
    const T *const mean = mean_ + unit.result, *const slope = slope_ + unit.result;
    if (std::find(slope, slope + unit.width, T(0)) != slope + unit.width) return write_pulled(unit);
    each_line(space_, unit, [&](std::int64_t at, std::int64_t n, std::int64_t step) {
      if (step == 0)
        write_line(at, n, mean, slope, r_ + unit.result, std::integral_constant<int, 0>());
      else
        write_line(at, n, mean, slope, r_ + unit.result, std::integral_constant<int, 1>());
    });
  }

 private:
  template <class Read>
  void take_mean(const ReductionPart& part, const Read& read, T* to) const {
    fold_part<SumFold<T>>(part, d_, to, read);
    for (std::int64_t i = part.first(); i < part.first() + part.results(); ++i)
      to[i] /= static_cast<T>(space_.rows);
  }
  /// Computes the slopes once more with `pull`: a NaN may come from elements that only cotangents
  /// of 0 meet.
  [[gnu::noinline]] void take_pulled(const ReductionPart& part) const {
    take_mean(part, ReadPulled<T>{d_, y_}, slope_);
  }

  /// Compiles the loops with one mean for all elements and with one for each separately.
  template <class Step>
  void write_line(std::int64_t at, std::int64_t n, const T* mean, const T* slope, const T* r,
                  Step step) const {
    const T *const d = d_ + at, *const y = y_ + at;
    T* const out = out_ + at;
    for (std::int64_t i = 0; i < n; ++i)
      out[i] = r[i * step] * (d[i] - mean[i * step] - y[i] * slope[i * step]);
  }
  /// The same by `pull`: where all of a result's cotangents are 0, so is its slope.
  [[gnu::noinline]] void write_pulled(const Reducer::Unit& unit) const {
    each_line(space_, unit, [&](std::int64_t at, std::int64_t n, std::int64_t step) {
      for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t j = unit.result + i * step;
        out_[at + i] = pulled(d_[at + i] - mean_[j] - pulled(slope_[j], y_[at + i]), r_[j]);
      }
    });
  }

  const ReductionSpace& space_;
  const T *const d_, *const y_, *const r_;
  T *const out_, *const mean_, *const slope_;
};

template <class T>
void standardize_gradient(const EvalContext& c, std::uint32_t axes, bool centred) {
  const GradientMemory memory(c.ins[0].type, axes);
  const StandardizeSlope<T> slope(c, memory);
  constexpr std::int64_t work = 4;
  memory.reducer.each_part(c, work, [&](const ReductionPart& part) {
    slope.take(part, centred);
    part.each_unit(work, [&](const Reducer::Unit& unit) { slope.write(unit); });
  });
}

}  // namespace

Type StandardizeGradient::infer(std::span<const Type> in) const {
  const Shape results = Reduction{axes, true}.reduced(in[0].shape);
  refuse_empty(in[0].shape);
  if (in[1] != in[0] || in[2] != Type{in[0].dtype, results})
    throw ShapeError("needs " + to_string(in[0]) + " and " + to_string(Type{in[0].dtype, results}) +
                     " after the cotangent, got " + to_string(in[1]) + " and " + to_string(in[2]));
  return in[0];
}
std::size_t StandardizeGradient::scratch(const PlanContext& plan) const {
  return GradientMemory(plan.in[0], mask(plan.in[0].shape.rank())).layout.bytes();
}
void StandardizeGradient::eval(const EvalContext& c) const {
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    standardize_gradient<T>(c, mask(c.in_shape(0).rank()), centred);
  });
}

Value slope_to_standardized(const Value& h, const Value& d, const Value& y, const Value& r,
                            const std::vector<std::int64_t>& axes) {
  const auto slope = [&](const Value& c) { return mean(pull(c, y), axes, true); };
  return neg(pull(joint(h, slope(d)) + joint(d, slope(h)), r));
}
Value slope_to_reciprocal(const Value& h, const Value& out, const Value& r,
                          const std::vector<std::int64_t>& axes) {
  // A reciprocal of 0 means that the root is 0, where all gradients are 0.
  return where(equal(r, 0), 0, pull(sum(joint(h, out), axes, true), reciprocal(r)));
}
Value slope_of_reciprocal(const Value& h, const Value& x, const Value& y, const Value& r,
                          const std::vector<std::int64_t>& axes) {
  return pull(pull(h, r) / count_like(x, axes), neg(r * y));
}

Grads StandardizeGradient::grad(const GradContext& g) const {
  const Value &d = g.in[0], &y = g.in[1], &r = g.in[2], &h = g.dout;
  return {g.if_wanted(0,
                      [&] {
                        return apply(*this, {h, y, r});
                      }),
          g.if_wanted(1, [&] { return slope_to_standardized(h, d, y, r, axes); }),
          g.if_wanted(2, [&] { return slope_to_reciprocal(h, g.out, r, axes); })};
}

Samples StandardizeGradient::samples(Rng& rng) {
  const auto sample = [&](StandardizeGradient op, const Shape& shape, const Shape& results) {
    return Sample{op, {rng.normal(shape), rng.normal(shape), rng.uniform(results, 0.5, 2)}};
  };
  const auto over = [](std::vector<std::int64_t> axes) { return OverAxes{std::move(axes)}; };
  return {sample({over({-1})}, {2, 5}, {2, 1}),
          sample({over({0, 2})}, {2, 3, 4}, {1, 3, 1}),
          sample({over({0})}, {4, 3}, {1, 3}),
          sample({over({0}), false}, {4, 3}, {1, 3}),
          sample({over({1}), false}, {2, 5}, {2, 1}),
          sample({over({})}, {}, {}),
          sample({over({1})}, {0, 3}, {0, 1}),
          {.op = StandardizeGradient{over({0})},
           .in = {Tensor::of({1.0, 0.0, 2.0, 1.0}), Tensor::of({1.0, -1.0, 0.0, 0.0}),
                  Tensor::of({2.0})},
           .out = {Tensor::of({-0.5, -1.5, 2.0, 0.0})}}};
}

}  // namespace dagrad
