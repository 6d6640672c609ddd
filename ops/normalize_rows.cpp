#include <cmath>
#include <string>

#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/centring.hpp"
#include "ops/folds.hpp"
#include "ops/moments.hpp"
#include "ops/standardize.hpp"

/// Standardises rows and scales them while they lie in the cache.
namespace dagrad {

namespace {

void check_row_operand(const std::string& what, const Type& is, const Type& wanted) {
  if (is != wanted)
    throw ShapeError("needs " + what + " of " + to_string(wanted) + ", got " + to_string(is));
}

/// Computes out = y · scale + shift for the elements of a unit; there may be no shift.
template <class T>
void write_scaled(const ReductionSpace& space, const Reducer::Unit& unit, const T* y,
                  const T* scale, const T* shift, T* out) {
  const auto each = [&](auto result) {
    each_run(space, unit, [&](std::int64_t at, std::int64_t rows) {
      const std::int64_t first = unit.first;
      if (space.columns == 1) {
        for (std::int64_t i = 0; i < rows; ++i) out[at + i] = result(y[at + i], first + i);
        return;
      }
      for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = at + i * space.columns, end = j + unit.width; j < end; ++j)
          out[j] = result(y[j], first + i);
    });
  };
  if (shift == nullptr)
    each([=](T element, std::int64_t i) { return element * scale[i]; });
  else
    each([=](T element, std::int64_t i) { return element * scale[i] + shift[i]; });
}

template <class T, bool centred>
void normalize_rows(const EvalContext& c, std::uint32_t axes, double epsilon) {
  const MomentReduction reduction(c.in_shape(0), axes);
  const T *const x = c.in<T>(0).data(), *const scale = c.in<T>(1).data();
  const T* const shift = c.ins.size() > 2 ? c.in<T>(2).data() : nullptr;
  T *const out = c.out<T>(0).data(), *const y = c.out<T>(1).data();
  T* const reciprocals = c.out<T>(2).data();
  reduction.each_unit<centred>(c, x, [&](const Reducer::Unit& unit, const Moments& moments) {
    double factors[MomentReduction::most];
    for (std::int64_t i = 0; i < unit.width; ++i) {
      factors[i] = moments.factor(i, epsilon);
      if (unit.chunk == 0)
        reciprocals[unit.result + i] = static_cast<T>(moments.unscaled_factor(i, factors[i]));
    }
    write_centred<centred>(reduction.space(), unit, moments, factors, x, y);
    write_scaled(reduction.space(), unit, y, scale, shift, out);
  });
}

}  // namespace

Shape row_shape(const OverAxes& over, const Shape& x) {
  const std::uint32_t mask = over.mask(x.rank());
  const std::size_t outer = static_cast<std::size_t>(x.rank()) - over.axes.size();
  if ((mask & ((std::uint32_t{1} << outer) - 1)) != 0)
    throw ShapeError("needs the last axes of " + to_string(x) + ", got " +
                     attribute_text(over.axes));
  return Shape(x.dims().subspan(outer));
}

std::vector<Type> NormalizeRows::infer(std::span<const Type> in) const {
  if (in.size() != 2) check_operand_count(in.size(), 3);
  if (!(epsilon >= 0 && std::isfinite(epsilon)))
    throw ArgumentError("epsilon must be finite and not negative, got " + attribute_text(epsilon));
  refuse_empty(in[0].shape);
  const Type row{in[0].dtype, row_shape(*this, in[0].shape)};
  check_row_operand("a scale", in[1], row);
  if (in.size() == 3) check_row_operand("a shift", in[2], row);
  return {in[0], in[0], {in[0].dtype, Reduction{axes, true}.reduced(in[0].shape)}};
}
std::size_t NormalizeRows::scratch(const PlanContext& plan) const {
  const Shape& shape = plan.in[0].shape;
  return MomentReduction(shape, mask(shape.rank())).scratch();
}
void NormalizeRows::eval(const EvalContext& c) const {
  const std::uint32_t over = mask(c.in_shape(0).rank());
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    if (centred)
      normalize_rows<T, true>(c, over, epsilon);
    else
      normalize_rows<T, false>(c, over, epsilon);
  });
}

void NormalizeRows::decisions(std::span<const View>, std::span<const View> out,
                              const DecisionSink& sink) const {
  with_float(out[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    for (const T reciprocal : out[2].as<T>()) sink(reciprocal == 0 ? 1 : 0);
  });
}

Grads NormalizeRows::grad(const GradContext& g) const {
  const Value &x = g.in[0], &scale = g.in[1], &y = g.outs[1], &r = g.outs[2];
  std::vector<Value> terms;
  Grads grads(g.in.size(), zero);
  if (const Value* const d = g.douts[0].value()) {
    const auto parts = apply(NormalizeRowsGradient{{axes}, centred}, {*d, y, r, scale});
    terms.push_back(parts[0]);
    for (std::size_t i = 1; i < grads.size(); ++i) grads[i] = parts[i];
  }
  if (const Value* const d = g.douts[1].value())
    terms.push_back(apply(StandardizeGradient{{axes}, centred}, {*d, y, r}));
  if (const Value* const d = g.douts[2].value())
    terms.push_back(slope_of_reciprocal(*d, x, y, r, axes));
  if (!terms.empty()) grads[0] = add_n(terms);
  return grads;
}

Samples NormalizeRows::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  const auto over = [](std::vector<std::int64_t> axes) { return OverAxes{std::move(axes)}; };
  return {{NormalizeRows{over({-1})}, {x({2, 5}), x({5}), x({5})}},
          {NormalizeRows{over({-2, -1}), 0.5}, {x({3, 2, 2}), x({2, 2}), x({2, 2})}},
          {NormalizeRows{over({-1}), 1e-3, false}, {x({2, 5}), x({5})}},
          {NormalizeRows{over({-1}), 1}, {x({3, 1}), x({1}), x({1})}},
          {NormalizeRows{over({}), 1}, {x({}), x({}), x({})}},
          {NormalizeRows{over({-1})}, {x({0, 3}), x({3}), x({3})}},
          {.op = NormalizeRows{over({1}), 0},
           .in = {Tensor::of({{0.7, 0.7}, {1.0, 5.0}}), Tensor::of({2.0, 3.0}),
                  Tensor::of({10.0, 20.0})},
           .out = {Tensor::of({{10.0, 20.0}, {8.0, 23.0}}), Tensor::of({{0.0, 0.0}, {-1.0, 1.0}}),
                   Tensor::of({{0.0}, {0.5}})},
           .ties = true}};
}

}  // namespace dagrad
