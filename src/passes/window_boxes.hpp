#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/shape.hpp"
#include "dagrad/strides.hpp"

namespace dagrad::detail {

/// A tensor as seen through slices and pads with zeros. Position p along an axis of what is seen is
/// position p + shift of the tensor if begin <= p < end, and zero elsewhere.
struct Window {
  using Axes = std::array<std::int64_t, max_rank>;

  Shape source, seen;  ///< of the same rank
  Axes shift{}, begin{}, end{};

  /// The whole tensor.
  explicit Window(const Shape& shape);
  /// What is seen of this if `count` positions from `first` on are taken along an axis.
  void slice(int axis, std::int64_t first, std::int64_t count);
  /// What is seen of this if zeros are added along an axis.
  void pad(int axis, std::int64_t before, std::int64_t after);
  bool is_whole() const;
  friend bool operator==(const Window&, const Window&) = default;
};

/// The shape to which what the windows show broadcasts.
Shape seen_shape(std::span<const Window> windows);

/// A part of a result in which every window shows either elements of its tensor or zeros only.
struct WindowBox {
  std::vector<bool> shows;          ///< by operand: whether its elements are seen
  std::vector<std::int64_t> first;  ///< of the operands, and then of the result: first element
  StridedAxes<> axes;               ///< of the operands and the result
  /// Whether the innermost of the axes is a row: dense in the result, and dense or repeated in each
  /// operand. If not, each element is a row of its own.
  bool has_rows = false;

  /// The number of elements in a row.
  std::int64_t row_size() const { return has_rows ? axes.size(axes.rank() - 1) : 1; }
  std::int64_t rows() const { return axes.positions() / row_size(); }
};

/// Cuts the result into boxes, along each axis where a window begins or ends.
std::vector<WindowBox> window_boxes(std::span<const Window> windows);

/// The number of boxes that `window_boxes` makes.
std::int64_t count_window_boxes(std::span<const Window> windows);

}  // namespace dagrad::detail
