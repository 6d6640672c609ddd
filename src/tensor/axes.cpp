#include "dagrad/axes.hpp"

#include <algorithm>
#include <utility>

namespace dagrad {

Axes::Axes(std::initializer_list<std::int64_t> axes) : axes_(axes) {}
Axes::Axes(std::vector<std::int64_t> axes) : axes_(std::move(axes)) {}
Axes::Axes(std::span<const std::int64_t> axes) : axes_(std::in_place, axes.begin(), axes.end()) {}

std::vector<std::int64_t> Axes::of(int rank) const {
  std::vector<std::int64_t> axes;
  if (!axes_) {
    for (int axis = 0; axis < rank; ++axis) axes.push_back(axis);
    return axes;
  }
  for (const std::int64_t axis : *axes_) {
    if (axis < -rank || axis >= rank) return *axes_;
    axes.push_back(axis < 0 ? axis + rank : axis);
  }
  std::sort(axes.begin(), axes.end());
  return axes;
}

}  // namespace dagrad
