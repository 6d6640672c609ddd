#include "src/passes/window_boxes.hpp"

#include <algorithm>

namespace dagrad::detail {

Window::Window(const Shape& shape) : source(shape), seen(shape) {
  std::ranges::copy(shape, end.begin());
}

void Window::slice(int axis, std::int64_t first, std::int64_t count) {
  const auto i = static_cast<std::size_t>(axis);
  shift[i] += first;
  begin[i] = std::clamp<std::int64_t>(begin[i] - first, 0, count);
  end[i] = std::clamp<std::int64_t>(end[i] - first, begin[i], count);
  std::vector<std::int64_t> dims(seen.begin(), seen.end());
  dims[i] = count;
  seen = Shape(dims);
}

void Window::pad(int axis, std::int64_t before, std::int64_t after) {
  const auto i = static_cast<std::size_t>(axis);
  shift[i] -= before;
  begin[i] += before;
  end[i] += before;
  std::vector<std::int64_t> dims(seen.begin(), seen.end());
  dims[i] += before + after;
  seen = Shape(dims);
}

bool Window::is_whole() const {
  for (int axis = 0; axis < seen.rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    if (shift[i] != 0 || begin[i] != 0 || end[i] != seen[axis]) return false;
  }
  return source == seen;
}

namespace {

/// Along each axis of the result, where what windows show begins or ends, in ascending order.
std::vector<std::vector<std::int64_t>> cuts_of(std::span<const Window> windows,
                                               const Shape& shape) {
  std::vector<std::vector<std::int64_t>> cuts;
  for (const std::int64_t size : shape) cuts.push_back({0, size});
  for (const Window& window : windows) {
    const int missing = shape.rank() - window.seen.rank();
    for (int axis = 0; axis < window.seen.rank(); ++axis) {
      const auto i = static_cast<std::size_t>(axis);
      if (window.seen[axis] != shape[axis + missing]) continue;  // repeated
      for (const std::int64_t at : {window.begin[i], window.end[i]})
        cuts[static_cast<std::size_t>(axis + missing)].push_back(at);
    }
  }
  for (std::vector<std::int64_t>& along : cuts) {
    std::ranges::sort(along);
    along.erase(std::unique(along.begin(), along.end()), along.end());
  }
  return cuts;
}

/// Makes the box of the result between two corners.
class BoxMaker {
 public:
  BoxMaker(std::span<const Window> windows, const Shape& shape)
      : windows_(windows), shape_(shape), strides_(strides_of(shape)) {
    for (const Window& window : windows) operand_strides_.push_back(strides_of(window.source));
  }

  WindowBox make(std::span<const std::int64_t> begin, const Shape& size) const {
    WindowBox box{{}, {}, StridedAxes<>(windows_.size() + 1)};
    std::vector<Strides> steps;
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      Strides step{};
      const std::int64_t first = look(i, begin, step);
      box.shows.push_back(first >= 0);
      box.first.push_back(std::max<std::int64_t>(first, 0));
      steps.push_back(first >= 0 ? step : Strides{});
    }
    std::int64_t first = 0;
    for (std::size_t axis = 0; axis < begin.size(); ++axis) first += begin[axis] * strides_[axis];
    box.first.push_back(first);
    steps.push_back(strides_);
    box.axes.add(size, steps);
    box.has_rows = has_rows(box.axes);
    return box;
  }

 private:
  /// The first element that an operand shows in a box, and its steps along the axes of the result;
  /// -1 if it shows zeros.
  std::int64_t look(std::size_t i, std::span<const std::int64_t> begin, Strides& step) const {
    const Window& window = windows_[i];
    const int missing = shape_.rank() - window.seen.rank();
    std::int64_t first = 0;
    for (int axis = 0; axis < window.seen.rank(); ++axis) {
      const auto at = static_cast<std::size_t>(axis);
      const bool repeats = window.seen[axis] != shape_[axis + missing];
      const std::int64_t position = repeats ? 0 : begin[static_cast<std::size_t>(axis + missing)];
      if (position < window.begin[at] || position >= window.end[at]) return -1;
      first += (position + window.shift[at]) * operand_strides_[i][at];
      step[static_cast<std::size_t>(axis + missing)] = repeats ? 0 : operand_strides_[i][at];
    }
    return first;
  }

  bool has_rows(const StridedAxes<>& axes) const {
    if (axes.rank() == 0 || axes.stride(axes.rank() - 1, windows_.size()) != 1) return false;
    return std::ranges::all_of(axes.strides(axes.rank() - 1),
                               [](std::int64_t step) { return step == 0 || step == 1; });
  }

  std::span<const Window> windows_;
  const Shape& shape_;
  Strides strides_;
  std::vector<Strides> operand_strides_;
};

}  // namespace

Shape seen_shape(std::span<const Window> windows) {
  Shape shape;
  for (const Window& window : windows) shape = broadcast(shape, window.seen);
  return shape;
}

std::int64_t count_window_boxes(std::span<const Window> windows) {
  std::int64_t count = 1;
  for (const auto& along : cuts_of(windows, seen_shape(windows)))
    count *= static_cast<std::int64_t>(along.size()) - 1;
  return count;
}

std::vector<WindowBox> window_boxes(std::span<const Window> windows) {
  const Shape shape = seen_shape(windows);
  const auto cuts = cuts_of(windows, shape);
  std::vector<std::int64_t> counts;
  for (const auto& along : cuts) counts.push_back(static_cast<std::int64_t>(along.size()) - 1);
  const BoxMaker maker(windows, shape);
  std::vector<WindowBox> boxes;
  if (counts.empty()) return {maker.make({}, shape)};
  MultiIndex index(counts, 0);
  std::vector<std::int64_t> begin(counts.size()), size(counts.size());
  for (std::int64_t left = count_window_boxes(windows); left > 0; --left, index.next()) {
    for (std::size_t axis = 0; axis < counts.size(); ++axis) {
      const auto at = static_cast<std::size_t>(index[static_cast<int>(axis)]);
      begin[axis] = cuts[axis][at];
      size[axis] = cuts[axis][at + 1] - cuts[axis][at];
    }
    boxes.push_back(maker.make(begin, Shape(size)));
  }
  return boxes;
}

}  // namespace dagrad::detail
