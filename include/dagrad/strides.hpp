#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <vector>

#include "dagrad/shape.hpp"

/// Strides of shapes, and walks along axes that several tensors share. Everything is counted in
/// elements, independently of their type and size.
namespace dagrad {

/// For each axis, outermost first, the number of elements from one index to the next.
using Strides = std::array<std::int64_t, max_rank>;

/// The strides of a row-major tensor of this shape.
Strides strides_of(const Shape& shape);

/// The strides of a row-major tensor along the axes of `result`, to which it must broadcast
/// (`broadcasts_to`): 0 along axes on which it is repeated.
Strides broadcast_strides(const Shape& shape, const Shape& result);

/// A shape seen from one of its axes as [outer, length, inner].
struct AlongAxis {
  /// Throws ShapeError if the shape does not have the axis.
  AlongAxis(const Shape& shape, std::int64_t axis);
  std::int64_t outer = 1, length = 1, inner = 1;
};

/// An index into axes of given sizes, which advances in row-major order. Does not copy the sizes.
class MultiIndex {
 public:
  /// The index at a row-major position.
  MultiIndex(std::span<const std::int64_t> sizes, std::int64_t position) : sizes_(sizes) {
    for (std::size_t axis = sizes.size(); axis-- > 1 && position > 0; position /= sizes[axis])
      at_[axis] = position % sizes[axis];
    at_[0] = position;
  }

  int rank() const { return static_cast<int>(sizes_.size()); }
  std::int64_t operator[](int axis) const { return at_[static_cast<std::size_t>(axis)]; }

  /// Advances by one. Returns the axis whose index grew; the axes inside it start again at 0. After
  /// the last position, this is axis 0.
  int next() {
    for (std::size_t axis = sizes_.size(); axis-- > 1; at_[axis] = 0)
      if (++at_[axis] < sizes_[axis]) return static_cast<int>(axis);
    ++at_[0];
    return 0;
  }

 private:
  std::span<const std::int64_t> sizes_;
  std::array<std::int64_t, max_rank> at_{};
};

/// The axes of a joint walk over several operands, outermost first: the size of each axis, and the
/// stride of every operand along it. Axes of size 1 are left out, and neighbouring axes are merged
/// if all operands are contiguous across them. The number of operands is either a constant, in
/// which case nothing is allocated, or given to the constructor.
template <std::size_t n = std::dynamic_extent>
class StridedAxes {
 public:
  StridedAxes() requires(n != std::dynamic_extent) = default;
  explicit StridedAxes(std::size_t operands) requires(n == std::dynamic_extent)
      : operands_(operands) {}

  int rank() const { return rank_; }
  std::size_t operands() const { return operands_; }
  std::int64_t size(int axis) const { return sizes_[static_cast<std::size_t>(axis)]; }
  std::span<const std::int64_t> sizes() const {
    return {sizes_.data(), static_cast<std::size_t>(rank_)};
  }
  std::int64_t stride(int axis, std::size_t operand = 0) const {
    return strides_[static_cast<std::size_t>(axis) * operands_ + operand];
  }
  /// The strides of all operands along an axis.
  std::span<const std::int64_t> strides(int axis) const {
    return {&strides_[static_cast<std::size_t>(axis) * operands_], operands_};
  }
  /// The product of all sizes.
  std::int64_t positions() const {
    std::int64_t product = 1;
    for (const std::int64_t size : sizes()) product *= size;
    return product;
  }

  /// Adds an axis inside the existing ones.
  void add(std::int64_t size, std::initializer_list<std::int64_t> strides) {
    add_axis(size, [&](std::size_t operand) { return strides.begin()[operand]; });
  }
  /// Adds the axes of a shape, with the strides of each operand along them.
  void add(const Shape& shape, std::span<const Strides, n> operands) {
    for (int axis = 0; axis < shape.rank(); ++axis) {
      const auto stride = [&](std::size_t i) {
        return operands[i][static_cast<std::size_t>(axis)];
      };
      add_axis(shape[axis], stride);
    }
  }

  /// The offset of an operand's element at a row-major position.
  std::int64_t offset(std::int64_t position, std::size_t operand = 0) const {
    if (rank_ <= 1) return rank_ == 0 ? 0 : position * stride(0, operand);  // avoids a division
    return offset(MultiIndex(sizes(), position), operand);
  }
  /// The offset for an index into the outermost axes.
  std::int64_t offset(const MultiIndex& index, std::size_t operand = 0) const {
    std::int64_t offset = 0;
    for (int axis = 0; axis < index.rank(); ++axis) offset += index[axis] * stride(axis, operand);
    return offset;
  }

  /// The change of an operand's offset when a `MultiIndex` into the `outermost` axes advances at
  /// `axis`, with the axes inside it starting again.
  std::int64_t jump(int outermost, int axis, std::size_t operand = 0) const {
    std::int64_t jump = stride(axis, operand);
    while (++axis < outermost) jump -= (size(axis) - 1) * stride(axis, operand);
    return jump;
  }

 private:
  template <class StrideOf>
  void add_axis(std::int64_t size, StrideOf stride_of) {
    if (size == 1) return;
    bool merges = rank_ > 0;
    for (std::size_t i = 0; i < operands_ && merges; ++i)
      merges = stride(rank_ - 1, i) == size * stride_of(i);
    if (merges) {
      sizes_[static_cast<std::size_t>(rank_ - 1)] *= size;
    } else {
      sizes_[static_cast<std::size_t>(rank_++)] = size;
      if constexpr (n == std::dynamic_extent)
        strides_.resize(static_cast<std::size_t>(rank_) * operands_);
    }
    std::int64_t* const innermost = &strides_[static_cast<std::size_t>(rank_ - 1) * operands_];
    for (std::size_t i = 0; i < operands_; ++i) innermost[i] = stride_of(i);
  }

  static constexpr bool is_dynamic = n == std::dynamic_extent;
  using Flat = std::conditional_t<is_dynamic, std::vector<std::int64_t>,
                                  std::array<std::int64_t, is_dynamic ? 1 : n * max_rank>>;
  std::size_t operands_ = n;
  int rank_ = 0;
  std::array<std::int64_t, max_rank> sizes_{};
  Flat strides_{};  ///< of all operands, axis after axis
};

/// The axes of `result` for operands of these shapes, which must broadcast to it.
template <std::size_t n>
StridedAxes<n> broadcast_axes(const Shape (&operands)[n], const Shape& result) {
  std::array<Strides, n> strides;
  for (std::size_t i = 0; i < n; ++i) strides[i] = broadcast_strides(operands[i], result);
  StridedAxes<n> axes;
  axes.add(result, strides);
  return axes;
}
StridedAxes<> broadcast_axes(std::span<const Type> operands, const Shape& result);

/// A walk over the outermost axes in row-major order that keeps track of each operand's offset. The
/// axes must outlive it.
template <std::size_t n>
class StridedWalk {
 public:
  StridedWalk(const StridedAxes<n>& axes, int outermost, std::int64_t position)
      : index_(axes.sizes().first(static_cast<std::size_t>(outermost)), position) {
    for (std::size_t i = 0; i < n; ++i) {
      offsets_[i] = axes.offset(index_, i);
      for (int axis = 0; axis < outermost; ++axis)
        jumps_[static_cast<std::size_t>(axis)][i] = axes.jump(outermost, axis, i);
    }
  }

  std::int64_t offset(std::size_t operand = 0) const { return offsets_[operand]; }
  void next() {
    const auto& jump = jumps_[static_cast<std::size_t>(index_.next())];
    for (std::size_t i = 0; i < n; ++i) offsets_[i] += jump[i];
  }

 private:
  MultiIndex index_;
  std::array<std::int64_t, n> offsets_{};
  std::array<std::array<std::int64_t, n>, max_rank> jumps_{};
};

/// Successive positions along the innermost axis, with the offset and stride of each operand.
template <std::size_t n>
struct StridedRow {
  std::int64_t position, length;
  std::array<std::int64_t, n> offsets, strides;
};

/// Calls `visit(row)` for the rows that make up the positions [begin, end). The first and the last
/// row may be partial.
template <std::size_t n, class Visit>
void each_row(const StridedAxes<n>& axes, std::int64_t begin, std::int64_t end, Visit visit) {
  if (begin >= end) return;
  const int innermost = axes.rank() > 0 ? axes.rank() - 1 : 0;
  const std::int64_t size = axes.rank() == 0 ? 1 : axes.size(innermost);
  StridedRow<n> row{begin, 0, {}, {}};
  for (std::size_t i = 0; i < n && axes.rank() > 0; ++i) row.strides[i] = axes.stride(innermost, i);
  StridedWalk walk(axes, innermost, begin / size);
  for (std::int64_t at = begin % size; row.position < end; at = 0, walk.next()) {
    row.length = size - at < end - row.position ? size - at : end - row.position;
    for (std::size_t i = 0; i < n; ++i) row.offsets[i] = walk.offset(i) + at * row.strides[i];
    visit(row);
    row.position += row.length;
  }
}

}  // namespace dagrad
