#include <cmath>
#include <string>

#include "dagrad/ops/functions.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/moments.hpp"

namespace dagrad {

namespace {

/// Fills result 0 with `result(moments, i)`, computed in double.
template <class Result>
void from_moments(const EvalContext& c, std::uint32_t axes, Result result) {
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    T* const out = c.out<T>().data();
    MomentReduction(c.in_shape(0), axes)
        .each_unit<true>(c, c.in<T>(0).data(), [&](const auto& unit, const Moments& moments) {
          if (unit.chunk > 0) return;
          for (std::int64_t i = 0; i < unit.width; ++i)
            out[unit.result + i] = static_cast<T>(result(moments, i));
        });
  });
}

/// n / (n - ddof), the factor from the biased variance to the one that is asked for.
double unbiasing(std::int64_t n, std::int64_t ddof) {
  return static_cast<double>(n) / static_cast<double>(n - ddof);
}

}  // namespace

Type Variance::infer(std::span<const Type> in) const {
  if (ddof < 0) throw ArgumentError("ddof must not be negative, got " + std::to_string(ddof));
  if (const std::int64_t n = count(in[0].shape); n <= ddof) {
    throw ShapeError("needs more than ddof = " + std::to_string(ddof) + " elements, got " +
                     std::to_string(n) + " in " + to_string(in[0].shape));
  }
  return {in[0].dtype, reduced(in[0].shape)};
}
std::size_t Variance::scratch(const PlanContext& plan) const {
  return MomentReduction(plan.in[0].shape, mask(plan.in[0].shape.rank())).scratch();
}
void Variance::eval(const EvalContext& c) const {
  const double factor = unbiasing(count(c.in_shape(0)), ddof);
  from_moments(c, mask(c.in_shape(0).rank()), [&](const Moments& moments, std::int64_t i) {
    return moments.unscaled_square(i) * factor;
  });
}

Grads Variance::grad(const GradContext& g) const {
  const Value& x = g.in[0];
  const Value slope = 2 * apply(Centre{{axes, true}}, {x}) / count_like(x, axes, ddof);
  return {pull(expanded(g.dout, x.rank()), slope)};
}

Samples Variance::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{Variance{{{0, 2}, false}, 0}, {x({2, 3, 4})}},
          {Variance{{{1}, true}, 1}, {x({2, 3})}},
          {Variance{{{0}, false}, 0}, {x({3, 2})}},
          {Variance{{{}, false}, 0}, {x({})}},
          {Variance{{{1}, false}, 2}, {x({0, 3})}}};
}

Type StandardDeviation::infer(std::span<const Type> in) const {
  return Variance{*this, ddof}.infer(in);
}
std::size_t StandardDeviation::scratch(const PlanContext& plan) const {
  return Variance{*this, ddof}.scratch(plan);
}
void StandardDeviation::eval(const EvalContext& c) const {
  const double factor = std::sqrt(unbiasing(count(c.in_shape(0)), ddof));
  from_moments(c, mask(c.in_shape(0).rank()),
               [&](const Moments& moments, std::int64_t i) { return moments.root(i) * factor; });
}

void StandardDeviation::decisions(std::span<const View>, std::span<const View> out,
                                  const DecisionSink& sink) const {
  with_float(out[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    for (const T element : out[0].as<T>()) sink(element == 0 ? 1 : 0);
  });
}

// Without epsilon, the standardised elements and all their derivatives are 0 where the deviation is
// 0.
Grads StandardDeviation::grad(const GradContext& g) const {
  const Value& x = g.in[0];
  const Value standardized = apply(Standardize{{axes}, 0}, {x})[0];
  const Value n = count_like(x, axes), freedom = count_like(x, axes, ddof);
  return {pull(expanded(g.dout, x.rank()), standardized / sqrt(n * freedom))};
}

Samples StandardDeviation::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{StandardDeviation{{{0, 2}, false}, 0}, {x({2, 3, 4})}},
          {StandardDeviation{{{1}, true}, 1}, {x({2, 3})}},
          {StandardDeviation{{{0}, false}, 0}, {x({3, 2})}},
          {StandardDeviation{{{1}, false}, 2}, {x({0, 3})}},
          {.op = StandardDeviation{{{}, false}, 0},
           .in = {x({})},
           .out = {Tensor(0.0)},
           .dout = {Tensor(3.0)},
           .grads = {Tensor(0.0)},
           .ties = true},
          {.op = StandardDeviation{{{1}, false}, 0},
           .in = {Tensor::of({{1.0, 3.0}, {2.0, 2.0}})},
           .out = {Tensor::of({1.0, 0.0})},
           .dout = {Tensor::of({4.0, 4.0})},
           .grads = {Tensor::of({{-2.0, 2.0}, {0.0, 0.0}})},
           .ties = true}};
}

Value variance(const Operand& x, const Axes& axes, bool keep_dims, std::int64_t ddof) {
  return apply(Variance{{axes.of(x.rank()), keep_dims}, ddof}, {x});
}
Value standard_deviation(const Operand& x, const Axes& axes, bool keep_dims, std::int64_t ddof) {
  return apply(StandardDeviation{{axes.of(x.rank()), keep_dims}, ddof}, {x});
}

void list_variance(Catalog& catalog) { catalog.add<Variance, StandardDeviation>("reduce"); }

}  // namespace dagrad
