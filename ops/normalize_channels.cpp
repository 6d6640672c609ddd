#include <algorithm>
#include <cmath>
#include <string>

#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/centring.hpp"
#include "ops/folds.hpp"
#include "ops/moments.hpp"
#include "ops/short_runs.hpp"
#include "ops/standardize.hpp"

/// Standardises the elements of each channel and scales them while they lie in the cache.
namespace dagrad {

namespace {

/// Writes the elements of channels of which the moments are known.
template <class T>
class ChannelWriter {
 public:
  explicit ChannelWriter(const EvalContext& c)
      : machine_(c.machine()),
        x_(c.in<T>(0).data()),
        scale_(c.in<T>(1).data()),
        shift_(c.in<T>(2).data()),
        out_(c.out<T>(0).data()),
        y_(c.wanted(1) ? c.out<T>(1).data() : nullptr) {}

  /// Writes the elements of a unit.
  void write(const ReductionSpace& space, const Reducer::Unit& unit, const Moments& moments,
             const double* factors) const {
    if (space.columns > 1) return write_columns(space, unit, moments, factors);
    if (y_ == nullptr)
      return each_run(space, unit, [&](std::int64_t at, std::int64_t n) {
        write_line(unit.result, moments, *factors, x_ + at, n, nullptr, out_ + at);
      });
    each_piece(space, unit, [&](std::int64_t at, std::int64_t n, std::int64_t later) {
      prefetch(y_ + later, n);  // which pays for two results
      prefetch(out_ + later, n);
      write_line(unit.result, moments, *factors, x_ + at, n, y_ + at, out_ + at);
    });
  }

  /// The same for channels whose elements lie in short runs; `x` are copies of them, which it
  /// overwrites.
  void write(const ShortRuns& runs, const Moments& moments, const double* factors, T* x,
             std::int64_t n) const {
    T elements[ShortRuns::most];
    T* const y = y_ != nullptr ? elements : nullptr;
    for (std::int64_t i = 0; i < runs.results(); ++i)
      write_line(runs.first() + i, moments + i, factors[i], x + i * n, n,
                 y != nullptr ? y + i * n : nullptr, x + i * n);
    runs.scatter(x, out_);
    if (y != nullptr) runs.scatter(y, y_);
  }

 private:
  /// Writes adjacent elements of a channel whose moments come first. `y` may be null, `out` may be
  /// x.
  [[gnu::noinline]] void write_line(std::int64_t channel, const Moments& moments, double factor,
                                    const T* x, std::int64_t n, T* y, T* out) const {
    const T scale = scale_[channel], shift = shift_[channel];
    const auto write = [=](const auto& standardized) __attribute__((always_inline)) {
      if (y == nullptr) {
        for (std::int64_t i = 0; i < n; ++i) out[i] = standardized(x[i]) * scale + shift;
      } else {
        for (std::int64_t i = 0; i < n; ++i) {
          const T element = standardized(x[i]);
          y[i] = element;
          out[i] = element * scale + shift;
        }
      }
    };
    if (!moments.plain(0))
      return write(
          [&](T element) { return standardized_element<true>(moments, 0, factor, element); });
    const T mean = static_cast<T>(*moments.mean), rest = static_cast<T>(*moments.rest);
    const T by = static_cast<T>(factor);
    run_vectorized(
        machine_, [&]() __attribute__((always_inline)) {
          write([=](T element)
                    __attribute__((always_inline)) { return (element - mean - rest) * by; });
        });
  }

  /// Writes rows of elements that belong to one channel each.
  [[gnu::noinline]] void write_columns(const ReductionSpace& space, const Reducer::Unit& unit,
                                       const Moments& moments, const double* factors) const {
    const Centring<T, true> centring(moments, factors, unit.width);
    const T *const scale = scale_ + unit.result, *const shift = shift_ + unit.result;
    each_line(space, unit, [&](std::int64_t at, std::int64_t n, std::int64_t step) {
      T unwanted[MomentReduction::most];
      T* const y = y_ != nullptr ? y_ + at : unwanted;
      centring.write(x_ + at, y, n, step);
      for (std::int64_t i = 0; i < n; ++i) out_[at + i] = y[i] * scale[i] + shift[i];
    });
  }

  const Machine& machine_;
  const T *const x_, *const scale_, *const shift_;
  T *const out_, *const y_;
};

template <class T>
void normalize_channels(const EvalContext& c, std::uint32_t axes, double epsilon) {
  const MomentReduction reduction(c.in_shape(0), axes);
  const ChannelWriter<T> writer(c);
  const Statistics<T> statistics(c, 2, true);
  const T* const x = c.in<T>(0).data();
  const auto find_factors = [=](const Moments& moments, std::int64_t results, double* factors) {
    for (std::int64_t i = 0; i < results; ++i) factors[i] = moments.factor(i, epsilon);
  };
  if (ShortRuns::pay(reduction.reducer())) {
    const std::int64_t n = reduction.space().rows;
    const MomentReduction channel({n}, 1);
    return ShortRuns::each(reduction.reducer(), c, 4, [&](const ShortRuns& runs) {
      const std::int64_t results = runs.results();
      T rows[ShortRuns::most];
      double memory[4 * ShortRuns::most_results], factors[ShortRuns::most_results];
      const Moments moments = Moments::in(memory, results);
      runs.gather(x, rows);
      channel.find_rows<true>(c, rows, 0, results, moments);
      find_factors(moments, results, factors);
      statistics.write(runs.first(), moments, factors, results);
      writer.write(runs, moments, factors, rows, n);
    });
  }
  reduction.each_unit<true>(c, x, [&](const Reducer::Unit& unit, const Moments& moments) {
    double factors[MomentReduction::most];
    find_factors(moments, unit.width, factors);
    if (unit.chunk == 0) statistics.write(unit.result, moments, factors, unit.width);
    writer.write(reduction.space(), unit, moments, factors);
  });
}

}  // namespace

std::vector<Type> NormalizeChannels::infer(std::span<const Type> in) const {
  std::vector<Type> results = Standardize{{axes}, epsilon}.infer(in.first(1));
  const Type& channels = results[1];
  if (in[1] != channels || in[2] != channels)
    throw ShapeError("needs a scale and a shift of " + to_string(channels) + ", got " +
                     to_string(in[1]) + " and " + to_string(in[2]));
  results.insert(results.begin(), in[0]);
  return results;
}
std::size_t NormalizeChannels::scratch(const PlanContext& plan) const {
  return Standardize{{axes}, epsilon}.scratch(plan);
}
void NormalizeChannels::eval(const EvalContext& c) const {
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    normalize_channels<T>(c, mask(c.in_shape(0).rank()), epsilon);
  });
}
void NormalizeChannels::decisions(std::span<const View> in, std::span<const View> out,
                                  const DecisionSink& sink) const {
  Standardize{{axes}, epsilon}.decisions(in, out.subspan(1), sink);
}

Grads NormalizeChannels::grad(const GradContext& g) const {
  std::vector<Value> terms = slopes_of_standardized(g, 1, axes, true);
  Grads grads(g.in.size(), zero);
  if (const Value* const d = g.douts[0].value()) {
    const auto parts =
        apply(NormalizeChannelsGradient{{axes}}, {*d, g.outs[1], g.outs[4], g.in[1]});
    terms.push_back(parts[0]);
    grads[1] = parts[1];
    grads[2] = parts[2];
  }
  if (!terms.empty()) grads[0] = add_n(terms);
  return grads;
}

Samples NormalizeChannels::samples(Rng& rng) {
  const auto sample = [&](std::vector<std::int64_t> over, double added, const Shape& shape,
                          const Shape& channels) {
    const auto x = [&](const Shape& s) { return rng.uniform(s, -2, 2); };
    return Sample{NormalizeChannels{OverAxes{std::move(over)}, added},
                  {x(shape), x(channels), x(channels)}};
  };
  return {
      sample({0, 2}, 1e-5, {2, 3, 4}, {1, 3, 1}),
      sample({0}, 0.5, {4, 3}, {1, 3}),
      sample({-1}, 0, {2, 5}, {2, 1}),
      sample({}, 1, {}, {}),
      sample({1}, 1e-5, {0, 3}, {0, 1}),
      {.op = NormalizeChannels{OverAxes{{1}}, 0},
       .in = {Tensor::of({{0.7, 0.7}, {1.0, 5.0}}), Tensor::of({{2.0}, {3.0}}),
              Tensor::of({{10.0}, {20.0}})},
       .out = {Tensor::of({{10.0, 10.0}, {17.0, 23.0}}), Tensor::of({{0.0, 0.0}, {-1.0, 1.0}}),
               Tensor::of({{0.0}, {4.0}}), Tensor::of({{0.7}, {3.0}}), Tensor::of({{0.0}, {0.5}})},
       .ties = true}};
}

}  // namespace dagrad
