#include <cmath>
#include <string>

#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/moments.hpp"
#include "ops/reduction.hpp"

/// Both ops take means over axes, then write every element by them. Where a unit of the reduction
/// holds all that goes into its results, both are done while it lies in the cache.
namespace dagrad {

namespace {

/// out = (x · scale − mean − rest) · factor for the elements of a unit: in T where moments are
/// plain.
template <class T, bool centred>
class CentredWriter {
 public:
  explicit CentredWriter(const EvalContext& c) : x_(c.in<T>(0).data()), out_(c.out<T>().data()) {}

  /// `factors[i]` belongs to result i of the unit.
  template <class Source>
  void write(const Source& source, const ReductionSplit::Unit& unit, const Moments& moments,
             const double* factors) const {
    bool plain = true;
    for (std::int64_t i = 0; i < unit.width; ++i) plain = plain && moments.plain(i);
    T means[most], rests[most], narrow[most];
    for (std::int64_t i = 0; i < unit.width; ++i) {
      means[i] = static_cast<T>(moments.mean[i]);
      rests[i] = static_cast<T>(moments.rest[i]);
      narrow[i] = static_cast<T>(factors[i]);
    }
    const auto of = [](T x, T mean, T rest, T factor) {
      return centred ? (x - mean - rest) * factor : x * factor;
    };
    source.each(unit, [&](std::int64_t at, std::int64_t n, std::int64_t step) {
      const T* const x = x_ + at;
      T* const out = out_ + at;
      if (plain && step == 0) {
        const T mean = means[0], rest = rests[0], factor = narrow[0];
        for (std::int64_t i = 0; i < n; ++i) out[i] = of(x[i], mean, rest, factor);
      } else if (plain) {
        for (std::int64_t i = 0; i < n; ++i) out[i] = of(x[i], means[i], rests[i], narrow[i]);
      } else {
        for (std::int64_t i = 0; i < n; ++i) {
          const std::int64_t j = i * step;
          out[i] = moments.plain(j) ? of(x[i], means[j], rests[j], narrow[j])
                                    : scaled(x[i], moments + j, factors[j]);
        }
      }
    });
  }

 private:
  static constexpr std::int64_t most = detail::moment_columns;
  static T scaled(T x, const Moments& moments, double factor) {
    const double centre = static_cast<double>(x) * *moments.scale - *moments.mean;
    return static_cast<T>((centre - *moments.rest) * factor);
  }

  const T* const x_;
  T* const out_;
};

template <class T, bool centred>
void standardize(const EvalContext& c, std::uint32_t axes, double epsilon) {
  const CentredWriter<T, centred> writer(c);
  T* const square = c.out<T>(1).data();
  T* const mean = centred ? c.out<T>(2).data() : nullptr;
  T* const reciprocal = c.out<T>(centred ? 3 : 2).data();
  const MomentReduction<T, centred> reduction(c, axes);
  reduction.run([&](const ReductionSplit::Unit& unit, const Moments& moments) {
    double factors[detail::moment_columns];
    for (std::int64_t i = 0; i < unit.width; ++i) factors[i] = moments.factor(i, epsilon);
    for (std::int64_t i = 0; unit.chunk == 0 && i < unit.width; ++i) {
      const std::int64_t result = unit.result + i;
      square[result] = static_cast<T>(moments.unscaled_square(i));
      if (centred) mean[result] = static_cast<T>(moments.unscaled_mean(i));
      reciprocal[result] =
          static_cast<T>(moments.plain(i) ? factors[i] : factors[i] * moments.scale[i]);
    }
    writer.write(reduction, unit, moments, factors);
  });
}

template <class T>
void centre(const EvalContext& c, std::uint32_t axes) {
  const CentredWriter<T, true> writer(c);
  const MomentReduction<T, true> reduction(c, axes);
  reduction.run([&](const ReductionSplit::Unit& unit, const Moments& moments) {
    double factors[detail::moment_columns];
    for (std::int64_t i = 0; i < unit.width; ++i)
      factors[i] = moments.plain(i) ? 1 : 1 / moments.scale[i];
    writer.write(reduction, unit, moments, factors);
  });
}

/// Bytes of scratch memory that moments of operand 0 need.
template <bool centred>
std::size_t moment_scratch(const PlanContext& plan, const OverAxes& over) {
  const std::uint32_t axes = over.mask(plan.in[0].shape.rank());
  return plan.in[0].dtype == f32 ? MomentReduction<float, centred>::scratch(plan, axes)
                                 : MomentReduction<double, centred>::scratch(plan, axes);
}

}  // namespace

std::vector<Type> Standardize::infer(std::span<const Type> in) const {
  if (!(epsilon >= 0 && std::isfinite(epsilon)))
    throw ArgumentError("epsilon must be finite and not negative, got " + attribute_text(epsilon));
  refuse_empty(in[0].shape);
  const Type moment{in[0].dtype, Reduction{axes, true}.reduced(in[0].shape)};
  std::vector results{in[0], moment, moment};
  if (centred) results.push_back(moment);
  return results;
}
std::size_t Standardize::scratch(const PlanContext& plan) const {
  return centred ? moment_scratch<true>(plan, *this) : moment_scratch<false>(plan, *this);
}
void Standardize::eval(const EvalContext& c) const {
  const std::uint32_t over = mask(c.in_shape(0).rank());
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    if (centred)
      standardize<T, true>(c, over, epsilon);
    else
      standardize<T, false>(c, over, epsilon);
  });
}

void Standardize::decisions(std::span<const View>, std::span<const View> out,
                            const DecisionSink& sink) const {
  with_float(out[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    for (const T reciprocal : out.back().as<T>()) sink(reciprocal == 0 ? 1 : 0);
  });
}

Grads Standardize::grad(const GradContext& g) const {
  const Value &x = g.in[0], &y = g.outs[0], &r = g.outs[centred ? 3 : 2];
  std::vector<Value> terms;
  if (const Value* const d = g.douts[0].value())
    terms.push_back(apply(StandardizeGradient{{axes}, centred}, {*d, y, r}));
  if (const Value* const d = g.douts[1].value())
    terms.push_back(pull(*d / count_like(x, axes),
                         2 * (centred ? apply(Centre{{axes, true}}, {x}) : Value(x))));
  if (centred && g.douts[2].value())
    terms.push_back(broadcast_like(*g.douts[2].value() / count_like(x, axes), x));
  if (const Value* const d = g.douts[centred ? 3 : 2].value())
    terms.push_back(pull(pull(*d, r) / count_like(x, axes), neg(r * y)));
  return {terms.empty() ? Gradient(zero) : add_n(terms)};
}

Samples Standardize::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  const auto over = [](std::vector<std::int64_t> axes) { return OverAxes{std::move(axes)}; };
  return {
      {Standardize{over({-1})}, {x({2, 5})}},
      {Standardize{over({0, 2}), 0.5}, {x({2, 3, 4})}},
      {Standardize{over({0})}, {x({4, 3})}},
      {Standardize{over({1, 2}), 0}, {x({2, 3, 2})}},
      {Standardize{over({-1}), 1e-3, false}, {x({2, 5})}},
      {Standardize{over({0}), 0, false}, {x({4, 3})}},
      {Standardize{over({}), 1}, {x({})}},
      {Standardize{over({1})}, {x({0, 3})}},
      {.op = Standardize{over({0}), 0},
       .in = {Tensor::of({1.0, 3.0})},
       .out = {Tensor::of({-1.0, 1.0}), Tensor::of({1.0}), Tensor::of({2.0}), Tensor::of({1.0})}},
      {.op = Standardize{over({1}), 0},
       .in = {Tensor::of({{0.7, 0.7}, {1.0, 5.0}})},
       .out = {Tensor::of({{0.0, 0.0}, {-1.0, 1.0}}), Tensor::of({{0.0}, {4.0}}),
               Tensor::of({{0.7}, {3.0}}), Tensor::of({{0.0}, {0.5}})},
       .ties = true}};
}

Type Centre::infer(std::span<const Type> in) const {
  refuse_empty(in[0].shape);
  return in[0];
}
std::size_t Centre::scratch(const PlanContext& plan) const {
  return moment_scratch<true>(plan, *this);
}
void Centre::eval(const EvalContext& c) const {
  with_float(c.ins[0].type.dtype,
             [&]<class T>(std::type_identity<T>) { centre<T>(c, mask(c.in_shape(0).rank())); });
}
Grads Centre::grad(const GradContext& g) const { return {apply(*this, {g.dout})}; }
Samples Centre::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  const auto over = [](std::vector<std::int64_t> axes) { return Reduction{std::move(axes), true}; };
  return {
      {Centre{over({-1})}, {x({2, 5})}},
      {Centre{over({0, 2})}, {x({2, 3, 4})}},
      {Centre{over({0})}, {x({4, 3})}},
      {Centre{over({})}, {x({})}},
      {Centre{over({1})}, {x({0, 3})}},
      {.op = Centre{over({0})}, .in = {Tensor::of({1.0, 5.0})}, .out = {Tensor::of({-2.0, 2.0})}}};
}

void list_standardize(Catalog& catalog) {
  catalog.add<Standardize, StandardizeGradient, Centre>("normalization");
}

}  // namespace dagrad
