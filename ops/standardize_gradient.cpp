#include <algorithm>
#include <cmath>
#include <string>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/product_sums.hpp"
#include "ops/pulled.hpp"
#include "ops/short_runs.hpp"
#include "ops/standardize.hpp"

/// Computes means over axes and then writes every element using them. If a unit of the reduction
/// contains all elements of its results, both steps run while it lies in the cache. The rare cases,
/// NaN and cotangents of 0, are kept out of line, so that the compiler keeps the other loops tight.
namespace dagrad {

namespace {

/// For each result, the sums of the cotangents and of their products with y, later the means.
struct GradientMemory {
  ScratchLayout layout;
  Reducer reducer;
  ScratchPart mean, slope;
  GradientMemory(const Type& type, std::uint32_t axes)
      : reducer(type.shape, axes, 2 * size_of(type.dtype), layout, Reducer::several_steps),
        mean(layout.add(type.dtype, reducer.results())),
        slope(layout.add(type.dtype, reducer.results())) {}
};

/// Operands and results of both ops: there may be a scale, and sums that are stored.
template <class T>
class StandardizeSlope {
 public:
  StandardizeSlope(const EvalContext& c, const GradientMemory& memory, bool centred)
      : space_(&memory.reducer.space()),
        d_(c.in<T>(0).data()),
        y_(c.in<T>(1).data()),
        r_(c.in<T>(2).data()),
        scale_(c.ins.size() > 3 ? c.in<T>(3).data() : nullptr),
        out_(c.out<T>().data()),
        products_(c.outs.size() > 1 ? c.out<T>(1).data() : nullptr),
        cotangents_(c.outs.size() > 1 ? c.out<T>(2).data() : nullptr),
        mean_(memory.mean.in<T>(c.scratch()).data()),
        slope_(memory.slope.in<T>(c.scratch()).data()),
        machine_(&c.machine()),
        centred_(centred) {}

  /// Computes both for channels whose elements lie in short runs, from copies of them; `row` is the
  /// reduction of the elements of one channel.
  void take_and_write(const EvalContext& c, const ShortRuns& runs, const Reducer& row) const {
    T d[ShortRuns::most], y[ShortRuns::most], means[2 * ShortRuns::most_results];
    runs.gather(d_, d);
    runs.gather(y_, y);
    const auto from = [&](auto* all) { return all == nullptr ? all : all + runs.first(); };
    StandardizeSlope slope = *this;
    slope.space_ = &row.space();
    slope.d_ = slope.out_ = d, slope.y_ = y;
    slope.r_ = from(r_), slope.scale_ = from(scale_);
    slope.products_ = from(products_), slope.cotangents_ = from(cotangents_);
    slope.mean_ = means, slope.slope_ = means + runs.results();
    const std::int64_t n = row.space().rows;
    for (std::int64_t i = 0; i < runs.results(); ++i) {
      const Reducer::Unit unit{
          .chunk = 0, .result = i, .width = 1, .offset = i * n, .first = 0, .last = n};
      slope.take(ReductionPart(row, c, &unit));
      slope.write(unit);
    }
    runs.scatter(d, out_);
  }

  /// Computes the means of a part.
  void take(const ReductionPart& part) const {
    const std::int64_t first = part.first(), last = first + part.results();
    part.fold<ProductSums<T, true>>(d_, {slope_ + first, mean_ + first}, d_, y_, *machine_);
    const auto is_nan = [](T x) { return x != x; };
    if (std::any_of(slope_ + first, slope_ + last, is_nan)) take_pulled(part);
    if (products_ != nullptr) {
      std::copy(slope_ + first, slope_ + last, products_ + first);
      std::copy(mean_ + first, mean_ + last, cotangents_ + first);
    }
    for (std::int64_t i = first; i < last; ++i) {
      mean_[i] = centred_ ? mean_[i] / static_cast<T>(space_->rows) : 0;
      slope_[i] /= static_cast<T>(space_->rows);
    }
  }

  /// out = r · scale · (d − mean − y · slope) for the elements of a unit.
  void write(const Reducer::Unit& unit) const {
    const T *const mean = mean_ + unit.result, *const slope = slope_ + unit.result;
    if (std::find(slope, slope + unit.width, T(0)) != slope + unit.width) return write_pulled(unit);
    T scale[ReductionSplit::tile_bytes / (2 * sizeof(T))];
    if (scale_ != nullptr)
      std::copy_n(scale_ + unit.result, unit.width, scale);
    else
      std::fill_n(scale, unit.width, T(1));
    const Channels channels{mean, slope, scale, r_ + unit.result};
    if (space_->columns == 1)
      return each_piece(*space_, unit, [&](std::int64_t at, std::int64_t n, std::int64_t later) {
        prefetch(out_ + later, n);
        write_line(at, n, channels, std::integral_constant<int, 0>());
      });
    each_line(*space_, unit, [&](std::int64_t at, std::int64_t n, std::int64_t /*step*/) {
      write_line(at, n, channels, std::integral_constant<int, 1>());
    });
  }

 private:
  /// Computes the slopes once more with `pull`: a NaN may come from elements that only cotangents
  /// of 0 meet.
  [[gnu::noinline]] void take_pulled(const ReductionPart& part) const {
    fold_part<SumFold<T>>(part, d_, slope_, ReadPulled<T>{d_, y_});
  }

  /// What the elements of each result have in common.
  struct Channels {
    const T *mean, *slope, *scale, *r;
  };
  /// Compiles the loops with one mean for all elements and with one for each separately.
  template <class Step>
  [[gnu::noinline]] void write_line(std::int64_t at, std::int64_t n, Channels c, Step step) const {
    const T *const d = d_ + at, *const y = y_ + at;
    T* const out = out_ + at;
    run_vectorized(
        *machine_, [=]() __attribute__((always_inline)) {
          for (std::int64_t i = 0; i < n; ++i) {
            const std::int64_t j = i * step;
            out[i] = c.r[j] * (c.scale[j] * (d[i] - c.mean[j] - y[i] * c.slope[j]));
          }
        });
  }
  /// The same by `pull`: where all of a result's cotangents are 0, so is its slope.
  [[gnu::noinline]] void write_pulled(const Reducer::Unit& unit) const {
    each_line(*space_, unit, [&](std::int64_t at, std::int64_t n, std::int64_t step) {
      for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t j = unit.result + i * step;
        const T slope = d_[at + i] - mean_[j] - pulled(slope_[j], y_[at + i]);
        out_[at + i] = pulled(scale_ != nullptr ? pulled(slope, scale_[j]) : slope, r_[j]);
      }
    });
  }

  const ReductionSpace* space_;
  const T *d_, *y_, *r_, *scale_;
  T *out_, *products_, *cotangents_, *mean_, *slope_;
  const Machine* machine_;
  bool centred_;
};

void standardize_gradient(const EvalContext& c, std::uint32_t axes, bool centred) {
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const GradientMemory memory(c.ins[0].type, axes);
    const StandardizeSlope<T> slope(c, memory, centred);
    constexpr std::int64_t work = Reducer::several_steps;
    if (ShortRuns::pay(memory.reducer)) {
      const GradientMemory row({c.ins[0].type.dtype, {memory.reducer.space().rows}}, 1);
      return ShortRuns::each(memory.reducer, c, work, [&](const ShortRuns& runs) {
        slope.take_and_write(c, runs, row.reducer);
      });
    }
    memory.reducer.each_part(c, work, [&](const ReductionPart& part) {
      slope.take(part);
      part.each_unit(work, [&](const Reducer::Unit& unit) { slope.write(unit); });
    });
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
  standardize_gradient(c, mask(c.in_shape(0).rank()), centred);
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

Grads slopes_of_normalized(const GradContext& g, const std::vector<std::int64_t>& axes,
                           bool centred) {
  const Value &d = g.in[0], &y = g.in[1], &r = g.in[2], &scale = g.in[3];
  std::vector<Value> of_d, of_y;
  Gradient of_r = zero, of_scale = zero;
  if (const Value* const h = g.douts[0].value()) {
    const Value scaled = pull(d, scale);
    const Value back = apply(StandardizeGradient{{axes}, centred}, {*h, y, r});
    of_d.push_back(pull(back, scale));
    if (g.wanted(1)) of_y.push_back(slope_to_standardized(*h, scaled, y, r, axes));
    of_r = g.if_wanted(2, [&] { return slope_to_reciprocal(*h, g.outs[0], r, axes); });
    of_scale = g.if_wanted(3, [&] { return sum_to_like(joint(back, d), scale); });
  }
  if (const Value* const h = g.douts[1].value()) {
    of_d.push_back(pull(*h, y));
    of_y.push_back(joint(*h, d));
  }
  if (const Value* const h = g.douts[2].value()) of_d.push_back(broadcast_like(*h, d));
  const auto total = [](const std::vector<Value>& terms) {
    return terms.empty() ? Gradient(zero) : Gradient(add_n(terms));
  };
  return {total(of_d), total(of_y), of_r, of_scale};
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

std::vector<Type> NormalizeChannelsGradient::infer(std::span<const Type> in) const {
  const Type out = StandardizeGradient{{axes}}.infer(in.first(3));
  if (in[3] != in[2])
    throw ShapeError("needs a scale of " + to_string(in[2]) + ", got " + to_string(in[3]));
  return {out, in[3], in[3]};
}
std::size_t NormalizeChannelsGradient::scratch(const PlanContext& plan) const {
  return StandardizeGradient{{axes}}.scratch(plan);
}
void NormalizeChannelsGradient::eval(const EvalContext& c) const {
  standardize_gradient(c, mask(c.in_shape(0).rank()), true);
}
Grads NormalizeChannelsGradient::grad(const GradContext& g) const {
  return slopes_of_normalized(g, axes, true);
}

Samples NormalizeChannelsGradient::samples(Rng& rng) {
  const auto sample = [&](std::vector<std::int64_t> over, const Shape& shape,
                          const Shape& channels) {
    return Sample{NormalizeChannelsGradient{OverAxes{std::move(over)}},
                  {rng.normal(shape), rng.normal(shape), rng.uniform(channels, 0.5, 2),
                   rng.normal(channels)}};
  };
  return {sample({0, 2}, {2, 3, 4}, {1, 3, 1}),
          sample({0}, {4, 3}, {1, 3}),
          sample({-1}, {2, 5}, {2, 1}),
          sample({}, {}, {}),
          sample({1}, {0, 3}, {0, 1}),
          {.op = NormalizeChannelsGradient{OverAxes{{0}}},
           .in = {Tensor::of({1.0, 0.0, 2.0, 1.0}), Tensor::of({1.0, -1.0, 0.0, 0.0}),
                  Tensor::of({2.0}), Tensor::of({3.0})},
           .out = {Tensor::of({-1.5, -4.5, 6.0, 0.0}), Tensor::of({1.0}), Tensor::of({4.0})}}};
}

}  // namespace dagrad
