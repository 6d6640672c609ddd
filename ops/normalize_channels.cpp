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
      : x_(c.in<T>(0).data()),
        scale_(c.in<T>(1).data()),
        shift_(c.in<T>(2).data()),
        out_(c.out<T>(0).data()),
        y_(c.wanted(1) ? c.out<T>(1).data() : nullptr) {}

  /// Writes the elements of a unit.
  [[gnu::noinline]] void write(const ReductionSpace& space, const Reducer::Unit& unit,
                               const Moments& moments, const double* factors) const {
    const Centring<T, true> centring(moments, factors, unit.width);
    const T *const scale = scale_ + unit.result, *const shift = shift_ + unit.result;
    each_line(space, unit, [&](std::int64_t at, std::int64_t n, std::int64_t step) {
      T unwanted[piece];
      for (const std::int64_t end = at + n; at < end; at += piece) {  // one if step is 1
        const std::int64_t some = std::min(piece, end - at);
        T* const y = y_ != nullptr ? y_ + at : unwanted;
        centring.write(x_ + at, y, some, step);
        if (step == 0)
          scale_line(y, some, *scale, *shift, out_ + at);
        else
          for (std::int64_t i = 0; i < some; ++i) out_[at + i] = y[i] * scale[i] + shift[i];
      }
    });
  }

  /// The same for a channel whose elements lie in short runs; `x` are copies of them, which it may
  /// overwrite.
  void write(const ShortRuns& runs, std::int64_t channel, const Moments& moments, double factor,
             T* x, std::int64_t n) const {
    T y[ShortRuns::most];
    Centring<T, true>(moments, &factor, 1).write(x, y, n, 0);
    scale_line(y, n, scale_[channel], shift_[channel], x);
    runs.scatter(x, out_);
    if (y_ != nullptr) runs.scatter(y, y_);
  }

 private:
  static constexpr std::int64_t piece = MomentReduction::most;

  static void scale_line(const T* y, std::int64_t n, T scale, T shift, T* out) {
    for (std::int64_t i = 0; i < n; ++i) out[i] = y[i] * scale + shift;
  }

  const T *const x_, *const scale_, *const shift_;
  T *const out_, *const y_;
};

template <class T>
void normalize_channels(const EvalContext& c, std::uint32_t axes, double epsilon) {
  const MomentReduction reduction(c.in_shape(0), axes);
  const ChannelWriter<T> writer(c);
  const Statistics<T> statistics(c, 2, true);
  const T* const x = c.in<T>(0).data();
  if (ShortRuns::pay(reduction.reducer())) {
    const std::int64_t n = reduction.space().rows;
    const MomentReduction channel({n}, 1);
    return reduction.reducer().each_unit(c, 4, [&](const Reducer::Unit& unit) {
      const ShortRuns runs(reduction.space(), unit);
      T row[ShortRuns::most];
      double memory[4];
      const Moments moments = Moments::in(memory, 1);
      runs.gather(x, row);
      channel.find_rows<true>(c, row, 0, 1, moments);
      const double factor = moments.factor(0, epsilon);
      statistics.write(unit.result, moments, &factor, 1);
      writer.write(runs, unit.result, moments, factor, row, n);
    });
  }
  reduction.each_unit<true>(c, x, [&](const Reducer::Unit& unit, const Moments& moments) {
    double factors[MomentReduction::most];
    for (std::int64_t i = 0; i < unit.width; ++i) factors[i] = moments.factor(i, epsilon);
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
