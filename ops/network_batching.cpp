#include <algorithm>
#include <numeric>

#include "dagrad/apply.hpp"
#include "dagrad/batch.hpp"
#include "dagrad/ops/attention.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/convolution.hpp"
#include "dagrad/ops/factorizations.hpp"
#include "dagrad/ops/norm.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/operators.hpp"
#include "dagrad/ops/pooling.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "dagrad/ops/training.hpp"
#include "ops/batching.hpp"

/// How ops of neural networks and solvers work on batches.
namespace dagrad {

namespace {

/// Moves an axis to another place.
Value moved(const Value& x, int from, int to) {
  std::vector<std::int64_t> axes(static_cast<std::size_t>(x.rank()));
  std::iota(axes.begin(), axes.end(), 0);
  axes.erase(axes.begin() + from);
  axes.insert(axes.begin() + to, from);
  return transpose(x, axes);
}

/// Operand i with the batch axis merged into its first axis.
Value in_first(const BatchContext& b, std::size_t i) { return flatten(b.expanded(i), 0, 1); }

/// A result with the batch axis merged into its first axis.
Value out_of_first(const BatchContext& b, const Value& result) {
  return unflatten(result, 0, {b.size(), b.out_types[0].shape[0]});
}

/// Operand i with the batch axis merged into its second axis, that of the channels.
Value in_channels(const BatchContext& b, std::size_t i) {
  return flatten(moved(b.expanded(i), 0, 1), 1, 2);
}

}  // namespace

namespace {

/// The members of a batch are so many more images.
std::vector<Value> pool_members(const BatchContext& b) {
  std::vector<Operand> images;
  for (std::size_t i = 0; i < b.in.size(); ++i) images.emplace_back(in_first(b, i));
  return {out_of_first(b, apply(b.op(), images)[0])};
}

/// The op with one more set of groups for each further member.
Op grouped(const BatchContext& b, std::int64_t groups) {
  return b.op().with("groups", groups * b.size());
}

/// The members of a batch are so many more images or, if they have kernels of their own, so many
/// more groups of channels.
std::vector<Value> convolve_members(const BatchContext& b, std::int64_t groups) {
  if (!b.batched(1)) {
    std::vector<Operand> operands{in_first(b, 0), b.in[1]};
    if (b.in.size() > 2) operands.emplace_back(in_first(b, 2));
    return {out_of_first(b, apply(b.op(), operands)[0])};
  }
  if (b.size() == 0) return {};
  std::vector<Operand> operands{in_channels(b, 0), in_first(b, 1)};
  if (b.in.size() > 2) operands.emplace_back(in_channels(b, 2));
  const Value out = apply(grouped(b, groups), operands)[0];
  return {moved(unflatten(out, 1, {b.size(), b.out_types[0].shape[1]}), 1, 0)};
}

}  // namespace

std::vector<Value> MaxPool::batch(const BatchContext& b) const { return pool_members(b); }
std::vector<Value> MaxPoolGradient::batch(const BatchContext& b) const { return pool_members(b); }
std::vector<Value> MaxPoolPick::batch(const BatchContext& b) const { return pool_members(b); }
std::vector<Value> AvgPool::batch(const BatchContext& b) const { return pool_members(b); }
std::vector<Value> AvgPoolGradient::batch(const BatchContext& b) const { return pool_members(b); }

std::vector<Value> Conv::batch(const BatchContext& b) const { return convolve_members(b, groups); }
std::vector<Value> ConvTranspose::batch(const BatchContext& b) const {
  return convolve_members(b, groups);
}
std::vector<Value> ConvKernel::batch(const BatchContext& b) const {
  if (b.size() == 0) return {};
  const std::vector<Operand> images{in_channels(b, 0), in_channels(b, 1), in_first(b, 2)};
  return {out_of_first(b, apply(grouped(b, groups), images)[0])};
}

/// Without a mask for each member, operands broadcast if those of the op do. A mask must broadcast
/// to the scores, which then have the batch axis.
std::vector<Value> Masking::batch(const BatchContext& b) const {
  const std::size_t last = b.in.size() - 1;
  const bool masked = b.in_types[last].dtype == b8;
  if (b.op().traits().broadcasts && !(masked && b.batched(last))) return b.broadcasting(b.op());
  int rank = 0;
  for (std::size_t i = 0; i <= last; ++i) rank = std::max(rank, b.rank(i));
  std::vector<Operand> operands;
  for (std::size_t i = 0; i <= last; ++i)
    operands.emplace_back(masked && i == last ? b.aligned(i, rank) : spread(b, i, rank));
  return apply(b.op(), operands);
}

std::vector<Value> NormalizeRows::batch(const BatchContext& b) const {
  NormalizeRows op = *this;
  op.axes = behind_batch(axes);
  const bool shifts = b.in.size() > 2;
  if (!b.batched(1) && !(shifts && b.batched(2))) {
    return apply(Op(op), std::vector<Operand>(b.in.begin(), b.in.end()));
  }
  const std::vector<Value> parts =
      apply(Op(Standardize{{op.axes}, epsilon, centred}), std::vector<Operand>{b.expanded(0)});
  const int rank = b.rank(0);
  Value out = parts[0] * b.aligned(1, rank);
  if (shifts) out = out + b.aligned(2, rank);
  return {out, parts[0], parts.back()};
}

std::vector<Value> NormalizeRowsGradient::batch(const BatchContext& b) const {
  const int rank = b.rank(0);
  const Value d = b.expanded(0), y = b.expanded(1);
  std::vector<std::int64_t> outer(static_cast<std::size_t>(rank) - axes.size());
  std::iota(outer.begin(), outer.end(), 1);
  const Value dx = apply(StandardizeGradient{{behind_batch(axes)}, centred},
                         {d * b.aligned(3, rank), y, b.expanded(2)});
  return {dx, sum(d * y, outer), sum(d, outer)};
}

/// The rule of one member, whose operands are stood for by those of the first one, is batched in
/// turn.
std::vector<Value> CustomGradient::batch(const BatchContext& b) const {
  const auto of_members = [own = rule](const GradContext& g) -> Grads {
    std::vector<Batched> members;
    const auto first = [&](const Value& all) {
      members.push_back({all[0], all});
      return members.back().value;
    };
    if (g.outs[0].shape()[0] == 0) return Grads(g.in.size(), zero);
    std::vector<Value> in, outs, of_inputs;
    std::vector<Gradient> douts;
    for (const Value& x : g.in) in.push_back(first(x));
    for (const Value& out : g.outs) outs.push_back(first(out));
    for (const Gradient& dout : g.douts)
      douts.push_back(dout.value() ? Gradient(first(*dout.value())) : dout);
    Grads grads = own(GradContext(in, outs, douts, g.wanted()));
    for (Gradient& grad : grads)
      if (grad.value()) grad = dagrad::batch(ValueSpan(*grad.value()), members).front();
    return grads;
  };
  return b.leading(CustomGradient{cut, of_members});
}

std::vector<Value> GlobalNorm::batch(const BatchContext& b) const {
  std::vector<Value> parts;
  for (std::size_t i = 0; i < b.in.size(); ++i) {
    const Value rows = reshape(b.expanded(i), {b.size(), b.in_types[i].elements()});
    parts.push_back(rows.dtype() == b.out_types[0].dtype ? rows : cast(rows, b.out_types[0].dtype));
  }
  return {norm(concat(parts, 1), 2, 1)};
}

namespace {

/// Solves for all members at once if they share the matrix: their right sides are so many more
/// columns.
std::vector<Value> solve_for_members(const BatchContext& b) {
  if (b.batched(0) || b.rank(0) != 2) return b.broadcasting(b.op());
  const int rows = b.rank(1) - 2;
  const Value columns = flatten(moved(b.in[1], 0, rows + 1), -2, -1);
  const Value solved = apply(b.op(), std::vector<Operand>{b.in[0], columns})[0];
  const std::int64_t count = b.out_types[0].shape[b.rank(1) - 1];
  return {moved(unflatten(solved, -1, {b.size(), count}), rows + 1, 0)};
}

}  // namespace

std::vector<Value> Solve::batch(const BatchContext& b) const { return solve_for_members(b); }
std::vector<Value> TriangularSolve::batch(const BatchContext& b) const {
  return solve_for_members(b);
}

}  // namespace dagrad
