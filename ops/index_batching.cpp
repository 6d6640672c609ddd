#include <algorithm>

#include "dagrad/apply.hpp"
#include "dagrad/ops/control.hpp"
#include "dagrad/ops/index.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/triangle.hpp"
#include "ops/batching.hpp"

/// How ops that index work on batches. If each member has indices of its own, these become those of
/// lines: the ops `along` an axis take one index for each element.
namespace dagrad {

namespace {

/// The sizes of a shape where all indices are on one axis, with the batch in front.
std::vector<std::int64_t> line_sizes(const BatchContext& b, const Shape& x, int axis,
                                     std::int64_t indices) {
  std::vector<std::int64_t> sizes{b.size()};
  sizes.insert(sizes.end(), x.begin(), x.end());
  sizes[static_cast<std::size_t>(axis) + 1] = indices;
  return sizes;
}

/// The indices of each member, repeated for all lines of x along the axis.
Value indices_of_lines(const BatchContext& b, std::size_t indices, const Shape& x, int axis) {
  const std::int64_t count = b.in_types[indices].elements();
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.rank()) + 1, 1);
  sizes[0] = b.size();
  sizes[static_cast<std::size_t>(axis) + 1] = count;
  return broadcast_to(reshape(b.in[indices], sizes), Shape(line_sizes(b, x, axis, count)));
}

std::vector<Value> last_named_of_members(const BatchContext& b, int axis) {
  std::vector<std::int64_t> others;
  for (int i = 0; i < b.rank(1); ++i)
    if (i != axis) others.push_back(i + 1);
  const Value names = reshape(b.in[0], {b.size(), b.in_types[0].elements()});
  const Value like = sum(cast(b.expanded(1), f64), others);  // only its type is used
  return {reshape(apply(LastAlongAxisLike{{1}}, {names, like}), batched_sizes(b))};
}

}  // namespace

std::vector<Value> Indexed::batch_over(const BatchContext& b, bool along) const {
  const bool is_like = b.op().traits().type_only != 0;
  const std::size_t x = is_like ? 1 : 0, indices = 1 - x;
  if (along) return b.shifted(b.op());
  const Shape& shape = b.in_types[x].shape;
  const int at = normalize_axis(axis, shape.rank());
  if (b.batched(indices)) {
    if (is_like) return last_named_of_members(b, at);
    std::vector<Operand> operands{b.expanded(0), indices_of_lines(b, 1, shape, at)};
    if (b.in.size() == 2)
      return {reshape(apply(TakeAlongAxis{{at + 1}}, operands), batched_sizes(b))};
    operands.emplace_back(
        reshape(b.expanded(2), line_sizes(b, shape, at, b.in_types[1].elements())));
    if (b.op().get_if<ScatterAdd>()) return {apply(AddAlongAxis{{at + 1}}, operands)};
    return {apply(PutAlongAxis{{at + 1}}, operands)};
  }
  std::vector<Operand> operands{b.expanded(0), b.in[1]};
  if (b.in.size() > 2) operands.emplace_back(b.expanded(2));
  return apply(b.op().with("axis", std::int64_t{at} + 1), operands);
}

std::vector<Value> LinearIndexLike::batch(const BatchContext& b) const {
  return {apply(*this, {b.in[0], b.in[1]})};
}

std::vector<Value> DiagonalOf::batch(const BatchContext& b) const {
  return b.leading(b.op().with("rows", behind_batch(rows)).with("columns", behind_batch(columns)));
}

}  // namespace dagrad
