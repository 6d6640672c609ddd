#include "dagrad/ops/attention.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/random.hpp"
#include "ops/folds.hpp"
#include "ops/rows.hpp"

namespace dagrad {

namespace {

/// Which columns of a row may be attended to.
class Allowed {
 public:
  Allowed(const EvalContext& c, bool causal)
      : shape_(c.in_shape(0)),
        rows_(shape_[shape_.rank() - 2]),
        columns_(shape_[shape_.rank() - 1]),
        causal_(causal) {
    if (c.ins.size() < 2) return;
    mask_ = c.in<bool>(1).data();
    const Shape& own = c.in_shape(1);
    std::int64_t step = 1;
    for (int i = 1; i <= own.rank(); step *= own[own.rank() - i], ++i)
      if (own[own.rank() - i] != 1) steps_[static_cast<std::size_t>(shape_.rank() - i)] = step;
  }

  /// Columns from here on are not.
  std::int64_t end(std::int64_t row) const {
    if (!causal_) return columns_;
    return std::clamp<std::int64_t>(row % rows_ + columns_ - rows_ + 1, 0, columns_);
  }
  /// Calls `visit(column, allowed)` for those before.
  template <class Visit>
  void each(std::int64_t row, Visit visit) const {
    const std::int64_t n = end(row);
    if (mask_ == nullptr) {
      for (std::int64_t i = 0; i < n; ++i) visit(i, true);
      return;
    }
    const bool* const mask = mask_ + mask_row(row);
    const std::int64_t step = steps_[static_cast<std::size_t>(shape_.rank() - 1)];
    for (std::int64_t i = 0; i < n; ++i) visit(i, mask[i * step]);
  }

 private:
  std::int64_t mask_row(std::int64_t row) const {
    std::int64_t offset = 0;
    for (int axis = shape_.rank() - 1; axis-- > 0; row /= shape_[axis])
      offset += row % shape_[axis] * steps_[static_cast<std::size_t>(axis)];
    return offset;
  }

  const Shape& shape_;
  const std::int64_t rows_, columns_;
  const bool causal_;
  const bool* mask_ = nullptr;
  std::array<std::int64_t, max_rank> steps_{};
};

/// exp(x − the largest allowed) where allowed, else something finite.
template <class T>
void shift_row(const Allowed& allowed, std::int64_t row, const T* x, T* out, std::int64_t columns) {
  constexpr T none = -std::numeric_limits<T>::infinity();
  T shift = none;  // NaN is left out here and makes the sum NaN
  allowed.each(row, [&](std::int64_t i, bool is) { shift = is && x[i] > shift ? x[i] : shift; });
  if (std::isinf(shift)) shift = 0;
  allowed.each(row, [&](std::int64_t i, bool is) { out[i] = is ? x[i] - shift : T(0); });
  std::fill(out + allowed.end(row), out + columns, T(0));
}

template <class T>
void divide_row(const Allowed& allowed, std::int64_t row, T* out, std::int64_t columns) {
  allowed.each(row, [&](std::int64_t i, bool is) { out[i] = is ? out[i] : T(0); });
  std::fill(out + allowed.end(row), out + columns, T(0));
  bool any = false;
  allowed.each(row, [&](std::int64_t, bool is) { any = any || is; });
  if (!any) return;
  const T sum = fold(out, columns, T(0), [](T a, T b) { return a + b; });
  allowed.each(row, [&](std::int64_t i, bool is) { out[i] = is ? out[i] / sum : T(0); });
}

}  // namespace

Type MaskedSoftmax::infer(std::span<const Type> in) const {
  if (in.empty() || in.size() > 2)
    throw ArgumentError("takes 1 or 2 operands, got " + std::to_string(in.size()));
  detail::common_dtype(in.first(1), 0, float_dtypes);
  if (in[0].shape.rank() < 2)
    throw ShapeError("needs rows and columns, got " + to_string(in[0].shape));
  if (in.size() == 2 && in[1].dtype != b8)
    throw TypeError("a mask is bool, got " + to_string(in[1]));
  if (in.size() == 2 && !broadcasts_to(in[1].shape, in[0].shape))
    throw ShapeError("mask of " + to_string(in[1].shape) + " does not broadcast to " +
                     to_string(in[0].shape));
  return in[0];
}

void MaskedSoftmax::eval(const EvalContext& c) const {
  const std::int64_t columns = c.in_shape(0)[c.in_shape(0).rank() - 1];
  const std::int64_t rows = columns == 0 ? 0 : c.in_shape(0).elements() / columns;
  const Allowed allowed(c, causal);
  with_float(c.ins[0].type.dtype, [&]<class T>(std::type_identity<T>) {
    const T* const x = c.in<T>(0).data();
    T* const out = c.out<T>().data();
    const std::int64_t grain = std::max<std::int64_t>(1, 8192 / std::max<std::int64_t>(columns, 1));
    c.parallel.ranges(rows, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row)
        shift_row(allowed, row, x + row * columns, out + row * columns, columns);
      exp_all(out + begin * columns, (end - begin) * columns);
      for (std::int64_t row = begin; row < end; ++row)
        divide_row(allowed, row, out + row * columns, columns);
    });
  });
}

Grads MaskedSoftmax::grad(const GradContext& g) const {
  Grads grads(g.in.size(), zero);
  grads[0] = pull(sub(g.dout, sum(pull(g.dout, g.out), -1, true)), g.out);
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

Value attention(const Operand& q, const Operand& k, const Operand& v,
                const AttentionOptions& options) {
  const auto fits = [&] {
    if (q.rank() < 2 || k.rank() < 2 || v.rank() < 2) return false;
    const auto size = [](const Operand& x, int back) { return x.shape()[x.rank() - back]; };
    return size(q, 1) == size(k, 1) && size(k, 2) == size(v, 2);
  };
  if (!fits())
    throw ShapeError("attention: needs q [..., T, d], k [..., S, d] and v [..., S, e], got " +
                     to_string(q.shape()) + ", " + to_string(k.shape()) + " and " +
                     to_string(v.shape()) + made_at(q));
  if (options.scale && !std::isfinite(*options.scale))
    throw ArgumentError("attention: scale must be finite, got " +
                        detail::attribute_text(*options.scale) + made_at(q));

  Transaction transaction{q, k, v};
  const auto here = [where = q.where()](const Value& x) {
    return Operand(x, where.file, where.line);
  };
  const auto width = [&] { return here(maximum(here(count_like(q, {-1})), 1)); };  // as replayed
  std::vector<std::int64_t> axes(static_cast<std::size_t>(k.rank()));
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
  std::swap(axes.end()[-1], axes.end()[-2]);
  const Operand scale = options.scale ? Operand(*options.scale) : here(rsqrt(width()));
  const Operand scores = here(matmul(here(mul(q, scale)), transpose(k, axes)));
  std::vector<Operand> masked{scores};
  if (options.mask) masked.push_back(*options.mask);
  const Value weights = options.causal || options.mask
                            ? apply(MaskedSoftmax{options.causal}, masked)
                            : softmax(scores);
  return transaction.keep(matmul(here(weights), v));
}

Value multi_head_attention(const Operand& q, const Operand& k, const Operand& v, std::int64_t heads,
                           const AttentionOptions& options) {
  Transaction transaction{q, k, v};
  const auto here = [where = q.where()](const Value& x) {
    return Operand(x, where.file, where.line);
  };
  const auto swapped = [&](const Operand& x) {  // the axis of tokens and that of heads
    std::vector<std::int64_t> axes(static_cast<std::size_t>(x.rank()));
    for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
    std::swap(axes.end()[-2], axes.end()[-3]);
    return here(transpose(x, axes));
  };
  const auto split = [&](const char* name, const Operand& x) {
    if (heads < 1 || x.rank() < 2 || x.shape()[x.rank() - 1] % heads != 0)
      throw ShapeError("multi_head_attention: " + std::to_string(heads) +
                       " heads do not divide the last axis of " + name + " of " +
                       to_string(x.shape()) + made_at(q));
    return swapped(here(unflatten(x, -1, {heads, -1})));
  };
  const Value joined = attention(split("q", q), split("k", k), split("v", v), options);
  return transaction.keep(flatten(swapped(here(joined)), -2, -1));
}

}  // namespace dagrad
