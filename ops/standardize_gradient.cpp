#include <algorithm>
#include <cmath>
#include <string>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/random.hpp"
#include "ops/folds.hpp"
#include "ops/reduction.hpp"

/// Takes means over axes, then writes every element by them. Where a unit of the reduction holds
/// all that goes into its results, both are done while it lies in the cache. What is rare, NaN and
/// cotangents of 0, is kept out of line, for the compiler to keep the other loops tight.
namespace dagrad {

namespace {

/// c · p, 0 where c is 0: `pull`.
template <class T>
T pulled(T c, T p) {
  return c == 0 ? T(0) : c * p;
}

/// Sums of products with the elements of a tensor laid out as x.
template <class T>
struct ProductFold : SumFold<T> {
  const T *x, *other;
  void terms(const T* from, const T*, std::int64_t, std::int64_t n, T* to) const {
    const T* const factor = other + (from - x);
    for (std::int64_t i = 0; i < n; ++i) to[i] = from[i] * factor[i];
  }
};

/// The same where x holds cotangents.
template <class T>
struct PulledFold : SumFold<T> {
  const T *x, *other;
  void terms(const T* from, const T*, std::int64_t, std::int64_t n, T* to) const {
    const T* const factor = other + (from - x);
    for (std::int64_t i = 0; i < n; ++i) to[i] = pulled(from[i], factor[i]);
  }
};

std::size_t padded(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

/// Runs an op over the units of a reduction of operand 0; `buffers` of its scratch memory hold one
/// number a result each, what is behind them partial results.
template <class T, std::size_t buffers>
class Units {
 public:
  using Unit = ReductionSplit::Unit;

  Units(const EvalContext& c, std::uint32_t axes)
      : c_(c), space_(c.in_shape(0), axes), split_(space_, sizeof(T)) {}

  static std::size_t scratch(const PlanContext& plan, std::uint32_t axes) {
    const ReductionSpace space(plan.in[0].shape, axes);
    return buffers * bytes(space) + ReductionSplit(space, sizeof(T)).scratch;
  }
  T* buffer(std::size_t i) const {
    return reinterpret_cast<T*>(static_cast<std::byte*>(c_.scratch()) + i * bytes(space_));
  }

  /// `take(mean, first, last)` fills results [first, last) by means that it asks `mean(fold, x,
  /// to)` for; then `write(unit)` does the elements.
  template <class Take, class Write>
  void run(Take take, Write write) const {
    const bool whole = split_.chunks == 1;
    if (!whole) {
      take(
          [&](const auto& fold, const T* x, T* to) {
            reduce(space_, c_.parallel, fold, x, to, buffer(buffers));
            divide(to, 0, space_.results());
          },
          0, space_.results());
    }
    const std::int64_t grain = (split_.grain + 3) / 4;  // several times the work of a sum
    c_.parallel.ranges(split_.units(space_), grain, [&](std::int64_t i, std::int64_t end) {
      for (; i < end; ++i) {
        const Unit unit = split_.unit(space_, i);
        const std::int64_t first = unit.result, last = first + unit.width;
        if (whole) {
          take(
              [&](const auto& fold, const T* x, T* to) {
                detail::Accumulator sum(fold, space_.columns, space_.run);
                fold_unit(space_, unit, sum, x, to);
                divide(to, first, last);
              },
              first, last);
        }
        write(unit);
      }
    });
  }
  /// Calls `visit(offset, n, result, step)` for the elements of a unit, n at a time: the result of
  /// element offset + i is result + i * step.
  template <class Visit>
  void each(const Unit& unit, Visit visit) const {
    each_run(space_, unit, [&](std::int64_t offset, std::int64_t rows) {
      if (space_.columns == 1) return visit(offset, rows, unit.result, 0);
      for (std::int64_t row = 0; row < rows; ++row)
        visit(offset + row * space_.columns, unit.width, unit.result, 1);
    });
  }

 private:
  static std::size_t bytes(const ReductionSpace& space) {
    return padded(static_cast<std::size_t>(space.results()) * sizeof(T));
  }
  void divide(T* x, std::int64_t first, std::int64_t last) const {
    for (std::int64_t i = first; i < last; ++i) x[i] /= static_cast<T>(space_.rows);
  }

  const EvalContext& c_;
  const ReductionSpace space_;
  const ReductionSplit split_;
};

/// Loops with one mean for all elements and with one for each are compiled apart.
template <class Loop>
void by_step(std::int64_t step, Loop loop) {
  if (step == 0)
    loop(std::integral_constant<std::int64_t, 0>{});
  else
    loop(std::integral_constant<std::int64_t, 1>{});
}

/// Slopes once more, by `pull`: a NaN may be one that only cotangents of 0 meet.
template <class T, class MeanOf>
[[gnu::noinline]] void pull_slopes(const MeanOf& mean_of, const T* d, const T* y, T* slope) {
  mean_of(PulledFold<T>{{}, d, y}, d, slope);
}

/// out = r · (d − mean − y · slope) for the elements of a unit, by `pull`: where all of a result's
/// cotangents are 0, so is its slope.
template <class T>
[[gnu::noinline]] void write_pulled(const Units<T, 2>& units, const ReductionSplit::Unit& unit,
                                    const T* d, const T* y, const T* r, T* out) {
  const T *const mean = units.buffer(0), *const slope = units.buffer(1);
  units.each(unit, [=](std::int64_t at, std::int64_t n, std::int64_t result, std::int64_t step) {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t j = result + i * step;
      out[at + i] = pulled(d[at + i] - mean[j] - pulled(slope[j], y[at + i]), r[j]);
    }
  });
}

template <class T>
void standardize_gradient(const EvalContext& c, std::uint32_t axes, bool centred) {
  const Units<T, 2> units(c, axes);
  const T *const d = c.in<T>(0).data(), *const y = c.in<T>(1).data(), *const r = c.in<T>(2).data();
  T *const out = c.out<T>().data(), *const mean = units.buffer(0), *const slope = units.buffer(1);
  const auto take = [&](auto mean_of, std::int64_t first, std::int64_t last) {
    if (centred)
      mean_of(SumFold<T>{}, d, mean);
    else
      std::fill(mean + first, mean + last, T(0));
    mean_of(ProductFold<T>{{}, d, y}, d, slope);
    const auto is_nan = [](T x) { return x != x; };
    if (std::any_of(slope + first, slope + last, is_nan)) pull_slopes(mean_of, d, y, slope);
  };
  units.run(take, [&](const ReductionSplit::Unit& unit) {
    const T* const slopes = slope + unit.result;
    if (std::find(slopes, slopes + unit.width, T(0)) != slopes + unit.width)
      return write_pulled(units, unit, d, y, r, out);
    units.each(unit, [&](std::int64_t at, std::int64_t n, std::int64_t result, std::int64_t step) {
      by_step(step, [=](auto s) {
        const T *const m = mean + result, *const p = slope + result, *const f = r + result;
        for (std::int64_t i = 0; i < n; ++i)
          out[at + i] = f[i * s] * (d[at + i] - m[i * s] - y[at + i] * p[i * s]);
      });
    });
  });
}

}  // namespace

Type StandardizeGradient::infer(std::span<const Type> in) const {
  const Shape results = Reduction{axes, true}.reduced(in[0].shape);
  refuse_empty(in[0].shape);
  if (in[1] != in[0] || in[2] != Type{in[0].dtype, results})
    throw ShapeError("needs " + to_string(in[0]) + " and " + to_string(Type{in[0].dtype, results}) +
                     " beside the cotangent, got " + to_string(in[1]) + " and " + to_string(in[2]));
  return in[0];
}
std::size_t StandardizeGradient::scratch(const PlanContext& plan) const {
  const std::uint32_t over = mask(plan.in[0].shape.rank());
  return plan.in[0].dtype == f32 ? Units<float, 2>::scratch(plan, over)
                                 : Units<double, 2>::scratch(plan, over);
}
void StandardizeGradient::eval(const EvalContext& c) const {
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    standardize_gradient<T>(c, mask(c.in_shape(0).rank()), centred);
  });
}

Grads StandardizeGradient::grad(const GradContext& g) const {
  const Value &d = g.in[0], &y = g.in[1], &r = g.in[2], &h = g.dout;
  return {g.if_wanted(0,
                      [&] {
                        return apply(*this, {h, y, r});
                      }),
          g.if_wanted(1,
                      [&] {
                        const auto slope = [&](const Value& c) {
                          return mean(pull(c, y), axes, true);
                        };
                        return neg(pull(joint(h, slope(d)) + joint(d, slope(h)), r));
                      }),
          // A reciprocal of 0 stands for a root of 0, where all slopes are 0.
          g.if_wanted(2, [&] {
            return where(equal(r, 0), 0, pull(sum(joint(h, g.out), axes, true), reciprocal(r)));
          })};
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
