#include <algorithm>
#include <vector>

#include "dagrad/ops/index.hpp"
#include "dagrad/ops/linalg.hpp"
#include "dagrad/ops/loss.hpp"
#include "dagrad/ops/nn.hpp"
#include "dagrad/ops/normalization.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "ops/reduction.hpp"

/// Which operands the built-in ops read row by row; elementwise ops need no function for it. A row
/// is what lies at one position of the first axis.
namespace dagrad {

namespace {

/// The bits of the operands, if all of them have the same number of rows.
std::uint32_t all_by_row(std::span<const Type> in) {
  const auto has_rows = [&](const Type& type) {
    return type.shape.rank() > 0 && type.shape[0] == in[0].shape[0];
  };
  if (in.empty() || in.size() > 32 || in[0].shape.rank() == 0 || !std::ranges::all_of(in, has_rows))
    return 0;
  return ~std::uint32_t{0} >> (32 - in.size());
}

/// Whether the elements of a row are combined in the same order for any number of rows, which holds
/// if even those of a single row are not divided into chunks.
bool keeps_order(const Shape& shape, std::uint32_t axes) {
  std::vector<std::int64_t> row(shape.begin(), shape.end());
  row[0] = 1;
  return ReductionSplit(ReductionSpace(Shape(row), axes), 1).chunks == 1;
}

bool contains(std::span<const std::int64_t> axes, int axis, int rank) {
  return std::ranges::any_of(axes,
                             [&](std::int64_t each) { return normalize_axis(each, rank) == axis; });
}

}  // namespace

std::uint32_t OverAxes::rows_of(std::span<const Type> in) const {
  const std::uint32_t all = all_by_row(in);
  if (all == 0) return 0;
  const std::uint32_t reduced = mask(in[0].shape.rank());
  return (reduced & 1U) == 0 && keeps_order(in[0].shape, reduced) ? all : 0;
}
std::uint32_t Reduction::row_operands(std::span<const Type> in) const { return rows_of(in); }
std::uint32_t Standardize::row_operands(std::span<const Type> in) const { return rows_of(in); }
std::uint32_t StandardizeGradient::row_operands(std::span<const Type> in) const {
  return rows_of(in);
}

std::uint32_t Softmax::row_operands(std::span<const Type> in) const {
  return OverAxes{{axis}}.rows_of(in);
}
std::uint32_t LogSoftmax::row_operands(std::span<const Type> in) const {
  return OverAxes{{axis}}.rows_of(in);
}

std::uint32_t SoftmaxGradient::row_operands(std::span<const Type> in) const {
  return OverAxes{{axis}}.rows_of(in);
}
std::uint32_t LogSoftmaxGradient::row_operands(std::span<const Type> in) const {
  return OverAxes{{axis}}.rows_of(in);
}
/// Scale and shift are the same for all rows.
std::uint32_t NormalizeRows::row_operands(std::span<const Type> in) const {
  return rows_of(in.first(1));
}
std::uint32_t CrossEntropy::row_operands(std::span<const Type> in) const {
  return in[0].shape.rank() > 1 ? all_by_row(in) : 0;
}
std::uint32_t CrossEntropyGradient::row_operands(std::span<const Type> in) const {
  return in[1].shape.rank() > 1 ? all_by_row(in) : 0;
}

/// The rows of a product of two matrices are those of the left one; otherwise they are the first
/// axis of the batch. The bits of a product do not depend on other rows.
std::uint32_t Matmul::row_operands(std::span<const Type> in) const {
  const Shape result = infer(in).shape;
  const int left = in[0].shape.rank(), right = in[1].shape.rank();
  if (right <= 2) return left < 2 || (left == 2 && transpose_left) ? 0 : 1;
  std::uint32_t by_row = 0;
  for (std::size_t i = 0; i < 2; ++i)
    if (in[i].shape.rank() == std::max(left, right) && in[i].shape[0] == result[0])
      by_row |= 1U << i;
  return by_row;
}

std::uint32_t Reshape::row_operands(std::span<const Type> in) const {
  if (shape.empty() || shape[0] != -1 || in[0].shape.rank() == 0) return 0;
  return infer(in).shape[0] == in[0].shape[0] ? 1 : 0;
}
std::uint32_t ReshapeLike::row_operands(std::span<const Type> in) const { return all_by_row(in); }
std::uint32_t Unsqueeze::row_operands(std::span<const Type> in) const {
  const int rank = in[0].shape.rank();
  return rank > 0 && !contains(axes, 0, rank + static_cast<int>(axes.size())) ? 1 : 0;
}
/// An op that drops all axes of size 1 would refuse a single row.
std::uint32_t Squeeze::row_operands(std::span<const Type> in) const {
  const int rank = in[0].shape.rank();
  return rank > 0 && !all && !contains(axes, 0, rank) ? 1 : 0;
}
std::uint32_t Transpose::row_operands(std::span<const Type> in) const {
  const int rank = in[0].shape.rank();
  return rank > 0 && normalize_axis(axes[0], rank) == 0 ? 1 : 0;
}
std::uint32_t Concat::row_operands(std::span<const Type> in) const {
  return normalize_axis(axis, in[0].shape.rank()) == 0 ? 0 : all_by_row(in);
}
std::uint32_t Slice::row_operands(std::span<const Type> in) const {
  return in[0].shape.rank() > 0 && (ranges.empty() || ranges[0] == Range{}) ? 1 : 0;
}

/// Across the first axis, the rows of the result are those of the indices; along it, each index
/// may name any row.
template <bool along>
std::uint32_t Gather<along>::row_operands(std::span<const Type> in) const {
  const int rank = in[0].shape.rank();
  if (rank == 0) return 0;
  const bool first = normalize_axis(axis, rank) == 0;
  if (along) return first ? 0 : all_by_row(in);
  if (!first) return 1;
  return in[1].shape.rank() > 0 ? 2 : 0;
}
template std::uint32_t Gather<false>::row_operands(std::span<const Type> in) const;
template std::uint32_t Gather<true>::row_operands(std::span<const Type> in) const;

std::uint32_t SumToLike::row_operands(std::span<const Type> in) const {
  const std::uint32_t all = all_by_row(in);
  const Shape &shape = in[0].shape, &result = in[1].shape;
  if (all == 0 || shape.rank() != result.rank()) return 0;
  std::uint32_t summed = 0;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] != result[axis]) summed |= 1U << axis;
  return keeps_order(shape, summed) ? all : 0;
}

}  // namespace dagrad
