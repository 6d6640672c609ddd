#include <algorithm>
#include <numeric>

#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "ops/batching.hpp"

/// How ops that move elements work on batches: the batch axis stays where it is.
namespace dagrad {

namespace {

template <class T>
std::vector<T> with_front(T first, const std::vector<T>& others) {
  std::vector<T> all{std::move(first)};
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

}  // namespace

std::int64_t behind_batch(std::int64_t axis) { return axis < 0 ? axis : axis + 1; }
std::vector<std::int64_t> behind_batch(std::vector<std::int64_t> axes) {
  for (std::int64_t& axis : axes) axis = behind_batch(axis);
  return axes;
}

std::vector<std::int64_t> batched_sizes(const BatchContext& b, std::size_t result) {
  const Shape& shape = b.out_types[result].shape;
  return with_front(b.size(), std::vector<std::int64_t>(shape.begin(), shape.end()));
}

Value spread(const BatchContext& b, std::size_t i, int rank) {
  const Value all = b.expanded(i);
  if (b.rank(i) >= rank) return all;
  std::vector<std::int64_t> added(static_cast<std::size_t>(rank - b.rank(i)));
  std::iota(added.begin(), added.end(), 1);
  return unsqueeze(all, added);
}

std::vector<Value> Reshape::batch(const BatchContext& b) const {
  return {reshape(b.in[0], batched_sizes(b))};
}

std::vector<Value> Flatten::batch(const BatchContext& b) const {
  if (b.rank(0) == 0) return {unsqueeze(b.in[0], {-1})};
  return {flatten(b.in[0], behind_batch(first), behind_batch(last))};
}

std::vector<Value> Squeeze::batch(const BatchContext& b) const {
  return {squeeze(b.in[0], behind_batch(axes))};
}

std::vector<Value> Transpose::batch(const BatchContext& b) const {
  return {transpose(b.in[0], with_front(std::int64_t{0}, behind_batch(axes)))};
}

std::vector<Value> BroadcastTo::batch(const BatchContext& b) const {
  return {broadcast_to(b.aligned(0, shape.rank()), Shape(batched_sizes(b)))};
}

std::vector<Value> Slice::batch(const BatchContext& b) const {
  return {slice(b.in[0], with_front(Range{}, ranges))};
}

std::vector<Value> UnsliceLike::batch(const BatchContext& b) const {
  return {unslice_like(b.in[0], b.expanded(1), with_front(Range{}, ranges))};
}

std::vector<Value> Pad::batch(const BatchContext& b) const {
  return {
      pad(b.in[0], with_front(std::int64_t{0}, before), with_front(std::int64_t{0}, after), value)};
}

std::vector<Value> SumToLike::batch(const BatchContext& b) const {
  const Value sums = sum_to_like(b.in[0], spread(b, 1, b.rank(0)));
  return {b.rank(1) < b.rank(0) ? reshape_like(sums, b.expanded(1)) : sums};
}

std::vector<Value> BroadcastLike::batch(const BatchContext& b) const {
  return {broadcast_like(b.aligned(0, b.rank(1)), b.expanded(1))};
}

std::vector<Value> ReshapeLike::batch(const BatchContext& b) const {
  return {reshape_like(b.in[0], b.expanded(1))};
}

std::vector<Value> BatchLike::batch(const BatchContext& b) const {
  std::vector<std::int64_t> axes(static_cast<std::size_t>(b.rank(0) + 2));
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes[0], axes[1]);
  return {transpose(batch_like(b.in[0], b.in[1]), axes)};
}

}  // namespace dagrad
