#include <cmath>
#include <string>
#include <type_traits>

#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/random.hpp"
#include "ops/centring.hpp"
#include "ops/folds.hpp"
#include "ops/moments.hpp"
#include "ops/standardize.hpp"
#include "ops/vectors.hpp"

/// Standardises rows and scales them while they lie in the cache.
namespace dagrad {

namespace {

void check_row_operand(const std::string& what, const Type& is, const Type& wanted) {
  if (is != wanted)
    throw ShapeError("needs " + what + " of " + to_string(wanted) + ", got " + to_string(is));
}

/// What the elements of a row are standardised with: (x − mean − rest) · factor.
template <class T>
struct RowMoments {
  T mean, rest, factor;
};

/// Computes y = (x − mean − rest) · factor and out = y · scale + shift; the shift may be missing.
/// y is stored if `keeps`. `out` may be x, for an element is read before it is written.
template <bool centred, bool shifts, bool keeps, class T>
[[gnu::always_inline]] inline void scale_row(const T* x, std::int64_t n, RowMoments<T> row,
                                             const T* scale, const T* shift, T* y, T* out) {
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC ivdep
#endif
  for (std::int64_t i = 0; i < n; ++i) {
    const T element = centred ? (x[i] - row.mean - row.rest) * row.factor : x[i] * row.factor;
    if constexpr (keeps) y[i] = element;
    out[i] = shifts ? element * scale[i] + shift[i] : element * scale[i];
  }
}

/// Writes rows of which the moments are known, while they lie in the cache.
template <bool centred, class T>
class RowWriter {
 public:
  explicit RowWriter(const EvalContext& c)
      : machine_(c.machine()),
        x_(c.in<T>(0).data()),
        scale_(c.in<T>(1).data()),
        shift_(c.ins.size() > 2 ? c.in<T>(2).data() : nullptr),
        out_(c.out<T>(0).data()),
        y_(c.wanted(1) ? c.out<T>(1).data() : nullptr) {}

  /// Writes the elements of a unit. Rows of one element may be results side by side.
  void write(const ReductionSpace& space, const Reducer::Unit& unit, const Moments& moments,
             const double* factors) const {
    if (space.columns == 1 && moments.plain(0))
      return write_row(unit.offset + unit.first, unit.first, unit.last - unit.first,
                       {static_cast<T>(moments.mean[0]), static_cast<T>(moments.rest[0]),
                        static_cast<T>(factors[0])});
    write_elements(space, unit, moments, factors);
  }

 private:
  /// Writes n elements of a row, of which the first is element `i`, and `at` of the tensor.
  void write_row(std::int64_t at, std::int64_t i, std::int64_t n, RowMoments<T> row) const {
    const T *const scale = scale_ + i, *const shift = shift_ == nullptr ? nullptr : shift_ + i;
    const auto run = [&](auto shifts, auto keeps) __attribute__((always_inline)) {
      scale_row<centred, shifts, keeps>(x_ + at, n, row, scale, shift, y_ + (keeps ? at : 0),
                                        out_ + at);
    };
    const auto choose = [&]() __attribute__((always_inline)) {
      constexpr std::true_type yes;
      constexpr std::false_type no;
      if (y_ != nullptr)
        shift != nullptr ? run(yes, yes) : run(no, yes);
      else
        shift != nullptr ? run(yes, no) : run(no, no);
    };
    run_vectorized(machine_, choose);
  }
  /// The same for any moments, and for rows of one element each.
  [[gnu::cold, gnu::noinline]] void write_elements(const ReductionSpace& space,
                                                   const Reducer::Unit& unit,
                                                   const Moments& moments,
                                                   const double* factors) const {
    const bool single = space.columns > 1;
    const std::int64_t n = single ? unit.width : unit.last - unit.first;
    for (std::int64_t k = 0; k < n; ++k) {
      const std::int64_t i = single ? 0 : unit.first + k, j = single ? k : 0,
                         at = unit.offset + i + j;
      const T y = standardized_element<centred>(moments, j, factors[j], x_[at]);
      if (y_ != nullptr) y_[at] = y;
      out_[at] = shift_ != nullptr ? y * scale_[i] + shift_[i] : y * scale_[i];
    }
  }

  const Machine& machine_;
  const T *const x_, *const scale_, *const shift_;
  T *const out_, *const y_;
};

template <class T, bool centred>
void normalize_rows(const EvalContext& c, std::uint32_t axes, double epsilon) {
  const MomentReduction reduction(c.in_shape(0), axes);
  const RowWriter<centred, T> writer(c);
  T* const reciprocals = c.wanted(2) ? c.out<T>(2).data() : nullptr;
  const T* const x = c.in<T>(0).data();
  reduction.each_unit<centred>(c, x, [&](const Reducer::Unit& unit, const Moments& moments) {
    double factors[MomentReduction::most];
    for (std::int64_t i = 0; i < unit.width; ++i) {
      factors[i] = moments.factor(i, epsilon);
      if (unit.chunk == 0 && reciprocals != nullptr)
        reciprocals[unit.result + i] = static_cast<T>(moments.unscaled_factor(i, factors[i]));
    }
    writer.write(reduction.space(), unit, moments, factors);
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
