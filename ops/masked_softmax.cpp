#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "dagrad/ops/attention.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/random.hpp"
#include "ops/allowed.hpp"
#include "ops/families.hpp"
#include "ops/folds.hpp"
#include "ops/pulled.hpp"
#include "ops/rows.hpp"

namespace dagrad {

namespace {

/// exp(x − the largest allowed element) where allowed, else any finite number.
template <class T>
void shift_row(const Allowed& allowed, std::int64_t row, const T* x, T* out, std::int64_t columns) {
  constexpr T none = -std::numeric_limits<T>::infinity();
  T shift = none;  // ignores NaN, which makes the sum NaN later
  if (allowed.has_mask())
    allowed.each(row, [&](std::int64_t i, std::uint8_t is) {
      shift = is != 0 && x[i] > shift ? x[i] : shift;
    });
  else
    shift = fold(x, allowed.end(row), none, [](T a, T b) { return b > a ? b : a; });
  if (std::isinf(shift)) shift = 0;
  allowed.each(row, [=](std::int64_t i, std::uint8_t is) { out[i] = kept(x[i] - shift, is); });
  std::fill(out + allowed.end(row), out + columns, T(0));
}

/// Σ at(i) in a fixed order: eight interleaved partial sums, then their sum.
template <class T, class At>
T sum_of(std::int64_t n, At at) {
  T part[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (std::int64_t j = 0; j < 8; ++j) part[j] += at(i + j);
  for (std::int64_t j = 0; i < n; ++i, ++j) part[j] += at(i);
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

/// The rows of scores, and how many of them make up a task.
struct ScoreRows {
  std::int64_t columns, rows, grain;
  explicit ScoreRows(const Shape& scores)
      : columns(scores[scores.rank() - 1]),
        rows(columns == 0 ? 0 : scores.elements() / columns),
        grain(std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(columns, 1))) {}
};

template <class T>
void divide_row(const Allowed& allowed, std::int64_t row, T* out) {
  const std::int64_t n = allowed.end(row);
  allowed.clear(row, out);
  bool any = n > 0;
  if (allowed.has_mask()) {
    any = false;
    allowed.each(row, [&](std::int64_t, std::uint8_t is) { any |= is != 0; });
  }
  if (!any) return;
  const T sum = fold(out, n, T(0), [](T a, T b) { return a + b; });
  for (std::int64_t i = 0; i < n; ++i) out[i] /= sum;
  if (std::isnan(sum)) allowed.clear(row, out);
}

/// out = y · (d − Σ d · y) where allowed, else 0; out and d may be the same.
template <class T>
void pull_row(const Allowed& allowed, std::int64_t row, const T* d, const T* y, T* out,
              std::int64_t columns) {
  const std::int64_t n = allowed.end(row);
  T dot;
  if (allowed.has_mask()) {
    T part[8] = {};
    allowed.each(
        row, [&](std::int64_t i, std::uint8_t is) { part[i % 8] += kept(pulled(d[i], y[i]), is); });
    dot = sum_of<T>(8, [&](std::int64_t i) { return part[i]; });
  } else {
    dot = sum_of<T>(n, [&](std::int64_t i) { return pulled(d[i], y[i]); });
  }
  allowed.each(
      row, [=](std::int64_t i, std::uint8_t is) { out[i] = kept(pulled(d[i] - dot, y[i]), is); });
  std::fill(out + n, out + columns, T(0));
}

}  // namespace

void check_masked_operands(std::span<const Type> in, std::size_t operands) {
  if (in.size() < operands || in.size() > operands + 1)
    throw ArgumentError("takes " + std::to_string(operands) + " or " +
                        std::to_string(operands + 1) + " operands, got " +
                        std::to_string(in.size()));
  common_dtype(in.first(1), 0, compute_float_dtypes);
  for (const Type& type : in.first(operands)) {
    if (type.dtype != in[0].dtype)
      throw TypeError("operands must have the same dtype, got " + std::string(name(in[0].dtype)) +
                      " and " + std::string(name(type.dtype)) + "; convert with cast");
    if (type.shape.rank() < 2)
      throw ShapeError("needs at least two axes, got " + to_string(type.shape));
  }
}
void check_mask(std::span<const Type> in, std::size_t operands, const Shape& scores) {
  if (in.size() <= operands) return;
  const Type& mask = in[operands];
  if (mask.dtype != b8) throw TypeError("a mask must be bool, got " + to_string(mask));
  if (!broadcasts_to(mask.shape, scores))
    throw ShapeError("a mask of " + to_string(mask.shape) + " does not broadcast to " +
                     to_string(scores));
}

Type MaskedSoftmax::infer(std::span<const Type> in) const {
  check_masked_operands(in, 1);
  check_mask(in, 1, in[0].shape);
  return in[0];
}

std::shared_ptr<const ProgramLoop> MaskedSoftmax::prepare(const PlanContext& plan) const {
  return exp_loop(plan.machine(), plan.in[0].dtype);
}
void MaskedSoftmax::eval(const EvalContext& c) const {
  const ScoreRows scores(c.in_shape(0));
  const std::int64_t columns = scores.columns;
  const Allowed allowed(c, c.in_shape(0), causal, 1);
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const T* const x = c.in<T>(0).data();
    T* const out = c.out<T>().data();
    c.parallel.ranges(scores.rows, scores.grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row)
        shift_row(allowed, row, x + row * columns, out + row * columns, columns);
      T* const rows = out + begin * columns;
      run_exp(c.state<ProgramLoop>(), rows, T(0), rows, (end - begin) * columns);
      for (std::int64_t row = begin; row < end; ++row)
        divide_row(allowed, row, out + row * columns);
    });
  });
}

Grads MaskedSoftmax::grad(const GradContext& g) const {
  Grads grads(g.in.size(), zero);
  grads[0] = with_mask(MaskedSoftmaxGradient{causal}, g, 1, {g.dout, g.out});
  return grads;
}

Samples MaskedSoftmax::samples(Rng& rng) {
  const auto mask = [&](const Shape& shape) { return rng.integers(shape, 0, 2).cast(b8); };
  const Tensor scores = Tensor::of({{3.0, 0.0, -1.0}, {0.0, 0.0, 9.0}});
  return {{MaskedSoftmax{}, {rng.normal({2, 3}), mask({2, 3})}},
          {MaskedSoftmax{true}, {rng.normal({2, 3, 3})}},
          {MaskedSoftmax{true}, {rng.normal({2, 4})}},
          {MaskedSoftmax{true}, {rng.normal({2, 4, 3}), mask({3})}},
          {MaskedSoftmax{}, {rng.normal({2, 2, 3, 2}), mask({2, 1, 1, 2})}},
          {MaskedSoftmax{}, {rng.normal({0, 3}), mask({3})}},
          {MaskedSoftmax{true}, {rng.normal({3, 0})}},
          {.op = MaskedSoftmax{},
           .in = {scores, Tensor::of({{false, false, false}, {true, true, false}})},
           .out = {Tensor::of({{0.0, 0.0, 0.0}, {0.5, 0.5, 0.0}})}}};
}

Type MaskedSoftmaxGradient::infer(std::span<const Type> in) const {
  check_masked_operands(in, 2);
  check_mask(in, 2, in[0].shape);
  if (in[0].shape != in[1].shape)
    throw ShapeError("the cotangent is " + to_string(in[0].shape) + ", but the softmax is " +
                     to_string(in[1].shape));
  return in[0];
}

void MaskedSoftmaxGradient::eval(const EvalContext& c) const {
  const ScoreRows scores(c.in_shape(0));
  const Allowed allowed(c, c.in_shape(0), causal, 2);
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    c.parallel.ranges(scores.rows, scores.grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const std::int64_t first = row * scores.columns;
        pull_row(allowed, row, c.in<T>(0).data() + first, c.in<T>(1).data() + first,
                 c.out<T>().data() + first, scores.columns);
      }
    });
  });
}

// The op is linear in d and quadratic in y over the allowed columns; elsewhere d and h are taken as
// 0.
Grads MaskedSoftmaxGradient::grad(const GradContext& g) const {
  Grads grads(g.in.size(), zero);
  const Value &y = g.in[1], &h = g.dout;
  if (g.wanted(0)) grads[0] = with_mask(*this, g, 2, {h, y});
  if (g.wanted(1)) {
    const Value d = with_mask(Masked{causal}, g, 2, {g.in[0]});
    const Value kept = with_mask(Masked{causal}, g, 2, {h});
    const auto dot = [&](const Value& v) { return sum(pull(v, y), -1, true); };
    grads[1] = joint(kept, d - dot(d)) - joint(d, dot(kept));
  }
  return grads;
}

Samples MaskedSoftmaxGradient::samples(Rng& rng) {
  const auto mask = [&](const Shape& shape) { return rng.integers(shape, 0, 2).cast(b8); };
  const auto some = [&](const Shape& shape) { return rng.uniform(shape, -2, 2); };
  return {{MaskedSoftmaxGradient{}, {some({2, 3}), some({2, 3}), mask({2, 3})}},
          {MaskedSoftmaxGradient{true}, {some({2, 3, 4}), some({2, 3, 4})}},
          {MaskedSoftmaxGradient{true}, {some({2, 4, 3}), some({2, 4, 3}), mask({3})}},
          {MaskedSoftmaxGradient{}, {some({0, 3}), some({0, 3})}},
          {.op = MaskedSoftmaxGradient{true},
           .in = {Tensor::of({{3.0, 9.0}, {4.0, 2.0}}), Tensor::of({{1.0, 0.0}, {0.5, 0.5}})},
           .out = {Tensor::of({{0.0, 0.0}, {0.5, -0.5}})}}};
}

Type Masked::infer(std::span<const Type> in) const {
  check_masked_operands(in, 1);
  check_mask(in, 1, in[0].shape);
  return in[0];
}

void Masked::eval(const EvalContext& c) const {
  const ScoreRows scores(c.in_shape(0));
  const Allowed allowed(c, c.in_shape(0), causal, 1);
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    c.parallel.ranges(scores.rows, scores.grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        const T* const x = c.in<T>(0).data() + row * scores.columns;
        T* const out = c.out<T>().data() + row * scores.columns;
        allowed.each(row, [=](std::int64_t i, std::uint8_t is) { out[i] = kept(x[i], is); });
        std::fill(out + allowed.end(row), out + scores.columns, T(0));
      }
    });
  });
}

Grads Masked::grad(const GradContext& g) const {
  Grads grads(g.in.size(), zero);
  grads[0] = with_mask(*this, g, 1, {g.dout});
  return grads;
}

Samples Masked::samples(Rng& rng) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  return {{Masked{}, {rng.normal({2, 3}), rng.integers({2, 3}, 0, 2).cast(b8)}},
          {Masked{true}, {rng.normal({2, 3, 4})}},
          {Masked{true}, {rng.normal({2, 4, 3}), rng.integers({4, 1}, 0, 2).cast(b8)}},
          {Masked{}, {rng.normal({0, 3})}},
          {.op = Masked{true},
           .in = {Tensor::of({{1.0, nan}, {3.0, 4.0}}), Tensor::of({true, true})},
           .out = {Tensor::of({{1.0, 0.0}, {3.0, 4.0}})},
           .ties = true}};
}

void list_masked_softmax(Catalog& catalog) {
  catalog.add<MaskedSoftmax, MaskedSoftmaxGradient, Masked>("attention");
}

}  // namespace dagrad
