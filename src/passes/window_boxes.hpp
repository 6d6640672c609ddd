#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dagrad/passes/windows.hpp"
#include "dagrad/strides.hpp"

namespace dagrad::detail {

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
