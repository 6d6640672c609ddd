#include "dagrad/ops/norm.hpp"

#include <algorithm>
#include <cmath>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/random.hpp"
#include "ops/accumulator.hpp"
#include "ops/families.hpp"
#include "ops/infinity.hpp"

namespace dagrad {

namespace {

/// The maximum of absolute values: 0 if there is none.
template <class T>
struct LargestFold : ExtremumFold<true, T> {
  static constexpr T identity = 0;
};

struct ReadSize {
  template <class T>
  T operator()(T x) const {
    return std::fabs(x);
  }
};

/// Squares of float32 neither overflow nor underflow in float64.
struct ReadSquare {
  template <class T>
  double operator()(T x) const {
    return static_cast<double>(x) * static_cast<double>(x);
  }
};

/// Squares of elements that a power of two has scaled close to 1.
struct ReadScaledSquare {
  const double* centre;  ///< scales
  static void terms(const double* x, std::int64_t n, const double* scale, std::int64_t step,
                    double* to) {
    for (std::int64_t i = 0; i < n; ++i) {
      const double scaled = x[i] * scale[i * step];
      to[i] = scaled * scaled;
    }
  }
};

/// Whether squares may have overflowed, or underflowed so far that the result shows it.
bool out_of_range(double sum) { return sum < 0x1p-900 || sum == infinity; }

/// The memory of a norm of order 2: sums in double, and a scale for each.
struct SquareSums {
  ScratchLayout layout;
  Reducer reducer;
  ScratchPart sums, scales;
  SquareSums(const Shape& shape, std::uint32_t axes)
      : reducer(shape, axes, sizeof(double), layout),
        sums(layout.add<double>(reducer.results())),
        scales(layout.add<double>(reducer.results())) {}
};

template <class T>
void euclidean(const EvalContext& c, std::uint32_t axes) {
  const SquareSums memory(c.in_shape(0), axes);
  const Reducer& reducer = memory.reducer;
  double* const sums = memory.sums.in<double>(c.scratch()).data();
  const T* const x = c.in<T>(0).data();
  T* const out = c.out<T>().data();
  const std::int64_t n = reducer.results();
  reduce<SumFold<double>>(reducer, c, x, sums, ReadSquare());
  for (std::int64_t i = 0; i < n; ++i) out[i] = static_cast<T>(std::sqrt(sums[i]));
  if constexpr (std::is_same_v<T, double>) {
    if (std::none_of(sums, sums + n, out_of_range)) return;
    // Sums once more, scaled by powers of two, so that results that were in range keep their bits.
    double* const scales = memory.scales.in<double>(c.scratch()).data();
    reduce<LargestFold<double>>(reducer, c, x, scales, ReadSize());
    std::transform(scales, scales + n, scales, scale_to_one);
    reduce<SumFold<double>>(reducer, c, x, sums, ReadScaledSquare{scales});
    for (std::int64_t i = 0; i < n; ++i) out[i] = std::sqrt(sums[i]) / scales[i];
  }
}

}  // namespace

Type Norm::infer(std::span<const Type> in) const {
  if (order != 1 && order != 2 && order != infinity)
    throw ArgumentError("order must be 1, 2 or inf, got " + attribute_text(order));
  return {in[0].dtype, reduced(in[0].shape)};
}

std::size_t Norm::scratch(const PlanContext& plan) const {
  const std::uint32_t over = mask(plan.in[0].shape.rank());
  if (order != 2) return reduction_scratch(plan, over);
  return SquareSums(plan.in[0].shape, over).layout.bytes();
}

void Norm::eval(const EvalContext& c) const {
  const std::uint32_t over = mask(c.in_shape(0).rank());
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    if (order == 1)
      fold_into<SumFold<T>, T>(c, over, ReadSize());
    else if (order == 2)
      euclidean<T>(c, over);
    else
      fold_into<LargestFold<T>, T>(c, over, ReadSize());
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
  const Value share = pull(dout, ties / ties / ties);  // 0/0 for a NaN, which equals nothing
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
