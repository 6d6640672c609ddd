#include "dagrad/ops/scan.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "dagrad/ops/control.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/recurrence.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/infinity.hpp"
#include "ops/lines.hpp"
#include "ops/rows.hpp"

namespace dagrad {

namespace {

Type scanned(const Scan& scan, const Type& in) {
  normalize_axis(scan.axis, in.shape.rank());
  return {is_float(in.dtype) ? in.dtype : i64, in.shape};
}

/// Walks one line, or several adjacent ones, by `join(accumulated, element)`.
template <class Fold, class In, class Out>
void walk(const Scan& scan, const Lines& lines, std::int64_t width, const In* x, Out* out) {
  using Acc = typename Fold::Acc;
  const bool exclusive = scan.exclusive;
  const auto step = [exclusive](Acc before, In element, Out& result) {
    const Acc after = Fold::join(before, static_cast<Acc>(element));
    result = static_cast<Out>(exclusive ? before : after);
    return after;
  };
  if (width == 1) {  // the sum stays in a register
    Acc sum = Fold::identity;
    for (std::int64_t i = 0; i < lines.length(); ++i, x += lines.step(), out += lines.step())
      sum = step(sum, *x, *out);
    return;
  }
  std::array<Acc, Lines::most> sums;
  std::fill_n(sums.data(), width, Fold::identity);
  for (std::int64_t i = 0; i < lines.length(); ++i, x += lines.step(), out += lines.step()) {
    for (std::int64_t j = 0; j < width; ++j) {
      Acc& sum = sums[static_cast<std::size_t>(j)];
      sum = step(sum, x[j], out[j]);
    }
  }
}

template <template <class> class Fold>
void scan_by(const Scan& scan, const EvalContext& c) {
  const Lines lines(c.in_shape(0), scan.axis, scan.reverse);
  dispatch(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    using Acc = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;
    using Out = std::conditional_t<std::is_floating_point_v<T>, T, std::int64_t>;
    lines.each(c.parallel, [&](std::int64_t at, std::int64_t width) {
      walk<Fold<Acc>>(scan, lines, width, c.in<T>(0).data() + at, c.out<Out>().data() + at);
    });
  });
}

/// The running log(Σ exp) of lines, each kept as a maximum and a sum relative to it.
template <class T>
class RunningLogSumExp {
 public:
  static constexpr std::int64_t room = 1024;  // elements whose exponentials are computed at once

  /// For an op that has prepared `exp_loop`.
  RunningLogSumExp(const EvalContext& c, const Scan& scan, const Lines& lines, std::int64_t width)
      : exp_(c.state<ProgramLoop>()),
        machine_(c.machine()),
        exclusive_(scan.exclusive),
        step_(lines.step()),
        width_(width) {
    std::fill_n(largest_.data(), width, -std::numeric_limits<T>::infinity());
    std::fill_n(sum_.data(), width, T(0));
  }

  /// Adds the next `n` elements of all lines, at most room / width.
  void take(const T* x, T* out, std::int64_t n) {
    each(n, [&](std::size_t i, std::size_t j, std::int64_t at) {
      const T next = x[at], before = largest_[j];
      // Equal elements, infinities included, differ by 0; after a NaN everything is NaN.
      distance_[i] = next == before ? T(0) : -std::abs(next - before);
      rises_[i] = next > before;
      shift_[i] = exclusive_ ? before : rises_[i] ? next : before;
      if (rises_[i]) largest_[j] = next;
    });
    run_exp(exp_, distance_.data(), T(0), distance_.data(), n * width_);
    each(n, [&](std::size_t i, std::size_t j, std::int64_t) {
      const T before = sum_[j];
      sum_[j] = rises_[i] ? before * distance_[i] + 1 : before + distance_[i];
      distance_[i] = exclusive_ ? before : sum_[j];
    });
    machine_.apply(Primitive::log, distance_.data(), nullptr, distance_.data(), n * width_);
    each(n,
         [&](std::size_t i, std::size_t, std::int64_t at) { out[at] = distance_[i] + shift_[i]; });
  }

 private:
  /// Calls `visit(place in the piece, line, offset)` for `n` elements of each line.
  template <class Visit>
  void each(std::int64_t n, Visit visit) const {
    std::size_t place = 0;
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < width_; ++j)
        visit(place++, static_cast<std::size_t>(j), i * step_ + j);
  }

  const ProgramLoop& exp_;
  const Machine& machine_;
  bool exclusive_;
  std::int64_t step_, width_;
  std::array<T, Lines::most> largest_, sum_;
  std::array<T, room> distance_, shift_;
  std::array<bool, room> rises_;
};

/// The cotangents that reach each element through all results that it contributes to, where result
/// i passes `factor[i]` of its own on to the result before it: Σ over i ≥ j of dout[i] ·
/// factor[j+1] … factor[i]; if the scan is exclusive, over i > j and starting from factor[j+2].
Value carried(const Value& dout, const Value& factor, const Scan& scan) {
  if (scan.exclusive) return pulled_recurrence(dout, factor, scan.axis, !scan.reverse);
  return dout + pulled_recurrence(pull(dout, factor), factor, scan.axis, !scan.reverse);
}

/// The shares in the sum of a prefix if that is infinite: 1 / n for each of the n elements that are
/// that infinity; the elements before the last one share the rest.
struct TiedParts {
  Value own, before;
  TiedParts(const Value& x, const Value& sum, const Scan& scan) {
    const auto count = [&](double value) {
      return cumsum(equal(x, value), scan.axis, {.reverse = scan.reverse});
    };
    const Value n = cast(where(greater(sum, 0), count(infinity), count(-infinity)), x.dtype());
    const Value finite = is_finite(sum), hit = cast(equal(x, sum), x.dtype());
    own = where(finite, 1, 1 / n);
    before = where(finite, 1, (n - hit) / n);
  }
};

template <class T>
Samples scan_samples(Rng& rng) {
  const auto x = [&](const Shape& shape) { return rng.uniform(shape, -1.5, 1.5); };
  return {{T{{0, false, false}}, {x({5})}},       {T{{1, true, false}}, {x({2, 4})}},
          {T{{-2, false, true}}, {x({2, 3, 4})}}, {T{{-1, true, true}}, {x({3, 2})}},
          {T{{0, false, false}}, {x({1, 3})}},    {T{{1, false, true}}, {x({2, 1})}},
          {T{{0, false, false}}, {x({0, 3})}},    {T{{1, true, false}}, {x({0, 3})}}};
}

}  // namespace

Type CumSum::infer(std::span<const Type> in) const { return scanned(*this, in[0]); }
void CumSum::eval(const EvalContext& c) const { scan_by<SumFold>(*this, c); }

Grads CumSum::grad(const GradContext& g) const {
  return {cumsum(g.dout, axis, {.reverse = !reverse, .exclusive = exclusive})};
}

Samples CumSum::samples(Rng& rng) { return scan_samples<CumSum>(rng); }

Type CumProd::infer(std::span<const Type> in) const { return scanned(*this, in[0]); }
void CumProd::eval(const EvalContext& c) const { scan_by<ProdFold>(*this, c); }

// The factor of x[j] in a product: the elements before it, times those after it up to the result.
Grads CumProd::grad(const GradContext& g) const {
  const Value& x = g.in[0];
  const Value before = cumprod(x, axis, {.reverse = reverse, .exclusive = true});
  return {pull(carried(g.dout, x, *this), before)};
}

Samples CumProd::samples(Rng& rng) {
  Samples all = scan_samples<CumProd>(rng);
  Tensor zeros = rng.uniform({3, 4}, -2, 2);  // none, one or two of them in a row
  for (const std::size_t at : {5U, 8U, 10U}) zeros.mutate<double>()[at] = 0;
  for (const bool exclusive : {false, true})
    all.push_back({CumProd{{1, false, exclusive}}, {zeros}});
  return all;
}

Type LogCumSumExp::infer(std::span<const Type> in) const { return scanned(*this, in[0]); }
std::shared_ptr<const ProgramLoop> LogCumSumExp::prepare(const PlanContext& plan) const {
  return exp_loop(plan.machine(), plan.in[0].dtype);
}
void LogCumSumExp::eval(const EvalContext& c) const {
  const Lines lines(c.in_shape(0), axis, reverse);
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    lines.each(c.parallel, [&](std::int64_t at, std::int64_t width) {
      RunningLogSumExp<T> running(c, *this, lines, width);
      const std::int64_t piece = RunningLogSumExp<T>::room / width;
      const T* x = c.in<T>(0).data() + at;
      T* out = c.out<T>().data() + at;
      for (std::int64_t i = 0; i < lines.length(); i += piece)
        running.take(x + i * lines.step(), out + i * lines.step(),
                     std::min(piece, lines.length() - i));
    });
  });
}

// The weight of x[j] in result i is exp(x[j] − out[i]), split into factors that are each at most 1:
// from x[j] to the first sum that contains it, and from there to each following sum.
Grads LogCumSumExp::grad(const GradContext& g) const {
  const Value& x = g.in[0];
  const Value other = logcumsumexp(x, axis, {.reverse = reverse, .exclusive = !exclusive});
  const Value &before = exclusive ? g.out : other, &with = exclusive ? other : g.out;
  const TiedParts tied(x, with, *this);
  const Value kept = apply(ExpShare{}, {before, with, tied.before});
  return {pull(carried(g.dout, kept, *this), apply(ExpShare{}, {x, with, tied.own}))};
}

Samples LogCumSumExp::samples(Rng& rng) {
  Samples all = scan_samples<LogCumSumExp>(rng);
  for (Sample& sample : all) sample.ties = sample.op.get_if<LogCumSumExp>()->exclusive;  // -inf
  all.push_back({LogCumSumExp{}, {Tensor::of({1000.0, 999.0, -1000.0, 1001.0})}});
  return all;
}

Value cumsum(const Operand& x, std::int64_t axis, const ScanOptions& options) {
  return apply(CumSum{{axis, options.reverse, options.exclusive}}, {x});
}
Value cumprod(const Operand& x, std::int64_t axis, const ScanOptions& options) {
  return apply(CumProd{{axis, options.reverse, options.exclusive}}, {x});
}
Value logcumsumexp(const Operand& x, std::int64_t axis, const ScanOptions& options) {
  return apply(LogCumSumExp{{axis, options.reverse, options.exclusive}}, {x});
}

void list_scan(Catalog& catalog) { catalog.add<CumSum, CumProd, LogCumSumExp>("scan"); }

}  // namespace dagrad
