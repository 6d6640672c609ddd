#include "dagrad/ops/training.hpp"

#include <cmath>
#include <vector>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/logic.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"

namespace dagrad {

namespace {

/// The running mean of squares is chosen large enough to keep the variance away from 0.
Tensor squares(Rng& rng) { return rng.uniform({2, 3}, 3, 4); }
Tensor any(Rng& rng, const Shape& shape = {2, 3}) { return rng.uniform(shape, -1, 1); }
Tensor rate(Rng& rng) { return rng.uniform({}, 0.1, 1); }

constexpr std::int64_t elements_per_task = 1 << 14;
constexpr std::size_t lanes = 8;

std::int64_t pieces(const Type& type) {
  return (type.elements() + elements_per_task - 1) / elements_per_task;
}

/// Folds `map` of every element of every operand, in an order that depends on shapes alone.
template <class Fold, class Map>
double fold(const EvalContext& c, Map map) {
  auto* partial = static_cast<double*>(c.scratch());
  for (const View& view : c.ins) {
    with_float(view.type.dtype, [&]<class T>(std::type_identity<T>) {
      const std::span<const T> x = view.as<T>();
      c.parallel.ranges(
          view.type.elements(), elements_per_task, [&](std::int64_t begin, std::int64_t end) {
            std::array<double, lanes> sums{};
            auto i = static_cast<std::size_t>(begin);
            const auto stop = static_cast<std::size_t>(end);
            for (; i + lanes <= stop; i += lanes)
              for (std::size_t lane = 0; lane < lanes; ++lane)
                sums[lane] = Fold::join(sums[lane], map(static_cast<double>(x[i + lane])));
            for (std::size_t lane = 0; i < stop; ++i, ++lane)
              sums[lane] = Fold::join(sums[lane], map(static_cast<double>(x[i])));
            double& sum = partial[begin / elements_per_task];
            sum = 0;
            for (const double lane : sums) sum = Fold::join(sum, lane);
          });
    });
    partial += pieces(view.type);
  }
  double sum = 0;
  for (const double* at = static_cast<double*>(c.scratch()); at != partial; ++at)
    sum = Fold::join(sum, *at);
  return sum;
}

double norm(const EvalContext& c) {
  const double sum = fold<SumFold<double>>(c, [](double x) { return x * x; });
  if (sum > 1e-270 && sum < 1e300)
    return std::sqrt(sum);  // no square can have overflowed or underflowed
  const double largest = fold<ExtremumFold<true, double>>(c, [](double x) { return std::abs(x); });
  if (!(largest > 0) || std::isinf(largest)) return largest;
  return largest * std::sqrt(fold<SumFold<double>>(c, [=](double x) {
           const double part = x / largest;
           return part * part;
         }));
}

}  // namespace

Samples AdamStep::samples(Rng& rng) {
  return {
      {AdamStep{}, {any(rng), any(rng), squares(rng), any(rng), rate(rng), rate(rng), rate(rng)}},
      {AdamStep{0, 0.5, 0.1},
       {any(rng), any(rng), squares(rng), any(rng, {3}), rate(rng), rate(rng), rate(rng)}}};
}

Samples AdagradStep::samples(Rng& rng) {
  return {{AdagradStep{}, {any(rng), squares(rng), any(rng), rate(rng)}},
          {AdagradStep{0.1}, {any(rng), squares(rng), any(rng, {3}), rate(rng)}}};
}

Samples RmspropStep::samples(Rng& rng) {
  return {{RmspropStep{}, {any(rng), squares(rng), any(rng), rate(rng)}},
          {RmspropStep{{0.5, 0.1}}, {any(rng), squares(rng), any(rng), rate(rng)}}};
}

Samples CentredRmspropStep::samples(Rng& rng) {
  return {{CentredRmspropStep{}, {any(rng), squares(rng), any(rng), any(rng), rate(rng)}}};
}

Samples RmspropStepWithMomentum::samples(Rng& rng) {
  return {{RmspropStepWithMomentum{}, {any(rng), squares(rng), any(rng), any(rng), rate(rng)}}};
}

Samples CentredRmspropStepWithMomentum::samples(Rng& rng) {
  return {{CentredRmspropStepWithMomentum{},
           {any(rng), squares(rng), any(rng), any(rng), any(rng), rate(rng)}}};
}

Type GlobalNorm::infer(std::span<const Type> in) const {
  DType widest = f32;
  for (const Type& type : in) {
    if (!compute_float_dtypes.contains(type.dtype))
      throw TypeError("takes float32 and float64, got " + to_string(type) + "; convert with cast");
    if (type.dtype == f64) widest = f64;
  }
  return {widest, {}};
}

std::size_t GlobalNorm::scratch(const PlanContext& plan) const {
  std::int64_t all = 0;
  for (const Type& type : plan.in) all += pieces(type);
  return static_cast<std::size_t>(all) * sizeof(double);
}

void GlobalNorm::eval(const EvalContext& c) const {
  with_float(c.outs[0].type.dtype,
             [&]<class T>(std::type_identity<T>) { c.out<T>()[0] = static_cast<T>(norm(c)); });
}

Grads GlobalNorm::grad(const GradContext& g) const {
  const auto in = [](const Value& value, DType dtype) {
    return value.dtype() == dtype ? value : cast(value, dtype);
  };
  // If n elements are infinite, the derivative by each of them is ±1 / sqrt(n), whichever operand
  // it is in.
  std::vector<Value> infinite;
  for (const Value& x : g.in) {
    const TiedShare sizes{{Axes().of(x.rank()), false}, true};
    infinite.push_back(in(1 / apply(sizes, {x, in(g.out, x.dtype())}), g.out.dtype()));
  }
  const Value share = rsqrt(add_n(infinite));
  Grads grads;
  for (std::size_t i = 0; i < g.in.size(); ++i) {
    grads.push_back(g.if_wanted(i, [&] {
      const Value &x = g.in[i], norm = in(g.out, x.dtype());
      const Value slope = where(is_finite(x), x / norm, sign(x) * in(share, x.dtype()));
      return where(equal(norm, 0), 0, pull(in(g.dout, x.dtype()), slope));
    }));
  }
  return grads;
}

Samples GlobalNorm::samples(Rng& rng) {
  return {{GlobalNorm{}, {any(rng)}},
          {GlobalNorm{}, {any(rng), any(rng, {}), any(rng, {0}), any(rng, {4})}},
          {.op = GlobalNorm{},
           .in = {Tensor::of({0.0, 0.0})},
           .out = {Tensor(0.0)},
           .dout = {Tensor(2.0)},
           .grads = {Tensor::of({0.0, 0.0})},
           .ties = true}};
}

Value global_norm(std::span<const Value> values) {
  if (values.empty()) throw ArgumentError("global_norm: needs at least one value");
  return apply(GlobalNorm{}, std::vector<Operand>(values.begin(), values.end()));
}

void list_training(Catalog& catalog) {
  catalog.add<Descend, DescendWithMomentum, AdamStep, AdagradStep, RmspropStep, CentredRmspropStep,
              RmspropStepWithMomentum, CentredRmspropStepWithMomentum, GlobalNorm>("training");
}

}  // namespace dagrad
