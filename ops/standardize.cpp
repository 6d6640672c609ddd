#include <cmath>
#include <string>

#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/centring.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/moments.hpp"
#include "ops/standardize.hpp"

/// Both ops compute means over axes and then write every element using them. If a unit of the
/// reduction contains all elements of its results, both steps run while it lies in the cache.
namespace dagrad {

namespace {

template <class T, bool centred>
void standardize(const EvalContext& c, std::uint32_t axes, double epsilon) {
  const MomentReduction reduction(c.in_shape(0), axes);
  const T* const x = c.in<T>(0).data();
  T* const out = c.out<T>().data();
  const Statistics<T> statistics(c, 1, centred);
  reduction.each_unit<centred>(c, x, [&](const Reducer::Unit& unit, const Moments& moments) {
    double factors[MomentReduction::most];
    for (std::int64_t i = 0; i < unit.width; ++i) factors[i] = moments.factor(i, epsilon);
    if (unit.chunk == 0) statistics.write(unit.result, moments, factors, unit.width);
    write_centred<centred>(reduction.space(), unit, moments, factors, x, out);
  });
}

template <class T>
void centre(const EvalContext& c, std::uint32_t axes) {
  const MomentReduction reduction(c.in_shape(0), axes);
  const T* const x = c.in<T>(0).data();
  T* const out = c.out<T>().data();
  reduction.each_unit<true>(c, x, [&](const Reducer::Unit& unit, const Moments& moments) {
    double factors[MomentReduction::most];
    for (std::int64_t i = 0; i < unit.width; ++i)
      factors[i] = moments.plain(i) ? 1 : 1 / moments.scale[i];
    write_centred<true>(reduction.space(), unit, moments, factors, x, out);
  });
}

/// The bytes of scratch memory that the moments of operand 0 need.
std::size_t moment_scratch(const PlanContext& plan, const OverAxes& over) {
  const Shape& shape = plan.in[0].shape;
  return MomentReduction(shape, over.mask(shape.rank())).scratch();
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
  return moment_scratch(plan, *this);
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

std::vector<Value> slopes_of_standardized(const GradContext& g, std::size_t first,
                                          const std::vector<std::int64_t>& axes, bool centred) {
  const std::size_t last = first + (centred ? 3 : 2);
  const Value &x = g.in[0], &y = g.outs[first], &r = g.outs[last];
  std::vector<Value> terms;
  if (const Value* const d = g.douts[first].value())
    terms.push_back(apply(StandardizeGradient{{axes}, centred}, {*d, y, r}));
  if (const Value* const d = g.douts[first + 1].value())
    terms.push_back(pull(*d / count_like(x, axes),
                         2 * (centred ? apply(Centre{{axes, true}}, {x}) : Value(x))));
  if (centred && g.douts[first + 2].value())
    terms.push_back(broadcast_like(*g.douts[first + 2].value() / count_like(x, axes), x));
  if (const Value* const d = g.douts[last].value())
    terms.push_back(slope_of_reciprocal(*d, x, y, r, axes));
  return terms;
}

Grads Standardize::grad(const GradContext& g) const {
  const std::vector<Value> terms = slopes_of_standardized(g, 0, axes, centred);
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
std::size_t Centre::scratch(const PlanContext& plan) const { return moment_scratch(plan, *this); }
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
  catalog.add<Standardize, StandardizeGradient, Centre, NormalizeChannels,
              NormalizeChannelsGradient, NormalizeRows, NormalizeRowsGradient>("normalization");
}

}  // namespace dagrad
