#include "dagrad/ops/attention.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"

namespace dagrad {

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
    throw ArgumentError("attention: scale must be finite, got " + attribute_text(*options.scale) +
                        made_at(q));

  const Building building("attention", {q, k, v});
  const auto width = [&] { return maximum(count_like(q, {-1}), 1); };  // adapts when replayed
  const Operand scale = options.scale ? Operand(*options.scale) : rsqrt(width());
  const Operand scaled = mul(q, scale);
  if (options.causal || options.mask) {
    const auto masked = [&](const auto& op, std::vector<Operand> operands) {
      if (options.mask) operands.push_back(*options.mask);
      return apply(op, operands);
    };
    const Operand scores = masked(MaskedScores{options.causal}, {scaled, k});
    const Operand weights = masked(MaskedSoftmax{options.causal}, {scores});
    return masked(MaskedMatmul{{options.causal}}, {weights, v});
  }
  std::vector<std::int64_t> axes(static_cast<std::size_t>(k.rank()));
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
  std::swap(axes.end()[-1], axes.end()[-2]);
  const Value weights = softmax(matmul(scaled, transpose(k, axes)));
  return matmul(weights, v);
}

Value multi_head_attention(const Operand& q, const Operand& k, const Operand& v, std::int64_t heads,
                           const AttentionOptions& options) {
  const Building building("multi_head_attention", {q, k, v});
  const auto swapped = [&](const Operand& x) {  // swaps the axes of tokens and heads
    std::vector<std::int64_t> axes(static_cast<std::size_t>(x.rank()));
    for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
    std::swap(axes.end()[-2], axes.end()[-3]);
    return transpose(x, axes);
  };
  const auto split = [&](const char* name, const Operand& x) {
    if (heads < 1 || x.rank() < 2 || x.shape()[x.rank() - 1] % heads != 0)
      throw ShapeError("multi_head_attention: " + std::to_string(heads) +
                       " heads do not divide the last axis of " + name + " of " +
                       to_string(x.shape()) + made_at(q));
    return swapped(unflatten(x, -1, {heads, -1}));
  };
  const Value joined = attention(split("q", q), split("k", k), split("v", v), options);
  return flatten(swapped(joined), -2, -1);
}

}  // namespace dagrad
