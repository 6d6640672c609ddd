#include "dagrad/ops/norm.hpp"

#include <algorithm>
#include <cmath>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/reduction.hpp"

namespace dagrad {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
struct AbsSumFold : SumFold<T> {
  static T widen(T x) { return std::fabs(x); }
};

template <class T>
struct AbsMaxFold : ExtremumFold<true, T> {
  static constexpr T identity = 0;
  static T widen(T x) { return std::fabs(x); }
};

/// Squares of float32 neither overflow nor vanish in float64.
template <class T>
struct SquareSumFold : SumFold<double> {
  using In = T;
  static double widen(T x) { return static_cast<double>(x) * static_cast<double>(x); }
};

/// Squares of elements that a power of two brought near to 1.
struct ScaledSquareFold : SumFold<double> {
  const double* centre;
  static void terms(const double* x, const double* scale, std::int64_t step, std::int64_t n,
                    double* to) {
    for (std::int64_t i = 0; i < n; ++i) {
      const double scaled = x[i] * scale[i * step];
      to[i] = scaled * scaled;
    }
  }
};

/// Whether squares may have overflowed, or so many bits of them vanished that it shows.
bool out_of_range(double sum) { return sum < 0x1p-900 || sum == infinity; }

/// The power of two that brings `x` near to 1, as far as it is finite itself; 1 for infinities.
double scale_for(double x) {
  if (x == 0 || !std::isfinite(x)) return 1;
  return std::ldexp(1, -std::clamp(std::ilogb(x), -1000, 1000));
}

/// Memory of a norm of order 2: sums in double, a scale for each, partial results.
struct Squares {
  std::size_t results = 0, partial = 0;  ///< bytes
  Squares(const ReductionSpace& space)
      : results((static_cast<std::size_t>(space.results()) * sizeof(double) + 63) / 64 * 64),
        partial(ReductionSplit(space, sizeof(double)).scratch) {}
  std::size_t bytes() const { return 2 * results + partial; }
};

template <class T>
void euclidean(const EvalContext& c, const ReductionSpace& space) {
  const Squares memory(space);
  auto* const begin = static_cast<std::byte*>(c.scratch());
  auto* const sums = reinterpret_cast<double*>(begin);
  auto* const scales = reinterpret_cast<double*>(begin + memory.results);
  void* const partial = begin + 2 * memory.results;
  const T* const x = c.in<T>(0).data();
  T* const out = c.out<T>().data();
  const std::int64_t n = space.results();
  reduce(space, c.parallel, SquareSumFold<T>{}, x, sums, partial);
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(std::sqrt(sums[i]));
  if constexpr (std::is_same_v<T, double>) {
    if (std::none_of(sums, sums + n, out_of_range)) return;
    // Once more, scaled: by powers of two, so that what was in range keeps its bits.
    reduce(space, c.parallel, AbsMaxFold<double>{}, x, scales, partial);
    std::transform(scales, scales + n, scales, scale_for);
    reduce(space, c.parallel, ScaledSquareFold{{}, scales}, x, sums, partial);
    for (std::int64_t i = 0; i < n; ++i) out[i] = std::sqrt(sums[i]) / scales[i];
  }
}

}  // namespace

Type Norm::infer(std::span<const Type> in) const {
  if (order != 1 && order != 2 && order != infinity)
    throw ArgumentError("order is 1, 2 or inf, got " + attribute_text(order));
  return {in[0].dtype, reduced(in[0].shape)};
}

std::size_t Norm::scratch(const PlanContext& plan) const {
  const std::uint32_t over = mask(plan.in[0].shape.rank());
  if (order != 2) return reduction_scratch(plan, over);
  return Squares(ReductionSpace(plan.in[0].shape, over)).bytes();
}

void Norm::eval(const EvalContext& c) const {
  const std::uint32_t over = mask(c.in_shape(0).rank());
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    if (order == 1)
      fold_into<AbsSumFold<T>>(c, over);
    else if (order == 2)
      euclidean<T>(c, ReductionSpace(c.in_shape(0), over));
    else
      fold_into<AbsMaxFold<T>>(c, over);
  });
}

void Norm::decisions(std::span<const View> in, std::span<const View> out,
                     const DecisionSink& sink) const {
  with_float(in[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const auto sign = [](T x) { return x > 0 ? 1 : x < 0 ? -1 : 0; };
    if (order == 2)
      for (const T norm : out[0].as<T>()) sink(sign(norm));
    else if (order == 1)
      for (const T x : in[0].as<T>()) sink(sign(x));
    else {
      const Shape& shape = in[0].type.shape;
      const auto norms = out[0].as<T>();
      std::vector<std::int64_t> position(norms.size()), side(norms.size());
      find_first(ReductionSpace(shape, mask(shape.rank())), Inline(), in[0].as<T>().data(),
                 position.data(), [&](T x, std::int64_t result) {
                   const auto at = static_cast<std::size_t>(result);
                   if (std::fabs(x) == norms[at]) side[at] = sign(x);
                   return !(std::fabs(x) < norms[at]);
                 });
      for (std::size_t i = 0; i < norms.size(); ++i) sink(position[i]), sink(side[i]);
    }
  });
}

Grads Norm::grad(const GradContext& g) const {
  const Value &x = g.in[0], norm = expanded(g.out, x.rank()), dout = expanded(g.dout, x.rank());
  if (order == 1) return {pull(dout, sign(x))};
  if (order == 2) {
    const Value tied = apply(TiedShare{{axes, keep_dims}, true}, {x, g.out});
    const Value slope = where(is_finite(x), x / norm, sign(x) * expanded(sqrt(tied), x.rank()));
    return {where(equal(norm, 0), 0, pull(dout, slope))};
  }
  const Value size = abs(x);
  const Value ties = cast(count_nonzero(equal(size, norm), axes, true), x.dtype());
  const Value share = pull(dout, ties / ties / ties);  // of a NaN, which equals nothing, 0/0
  return {where(less(size, norm), 0, pull(share, sign(x)))};
}

Samples Norm::samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  Samples all;
  for (const double order : {1.0, 2.0, infinity}) {
    all.push_back({Norm{{{0, 2}, false}, order}, {x({2, 3, 4})}});
    all.push_back({Norm{{{1}, true}, order}, {x({2, 3})}});
    all.push_back({Norm{{{0}, false}, order}, {x({3, 2})}});
    all.push_back({Norm{{{}, false}, order}, {x({})}});
    all.push_back({Norm{{{1}, false}, order}, {x({2, 0})}});
    all.push_back({.op = Norm{{{1}, false}, order},
                   .in = {Tensor::of({{0.0, 0.0}, {3.0, 0.0}})},
                   .out = {Tensor::of({0.0, 3.0})},
                   .dout = {Tensor::of({5.0, 2.0})},
                   .grads = {Tensor::of({{0.0, 0.0}, {2.0, 0.0}})},
                   .ties = true});
  }
  return all;
}

Value norm(const Operand& x, double order, const Axes& axes, bool keep_dims) {
  return apply(Norm{{axes.of(x.rank()), keep_dims}, order}, {x});
}

void list_norm(Catalog& catalog) { catalog.add<Norm>("reduce"); }

}  // namespace dagrad
