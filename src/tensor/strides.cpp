#include "dagrad/strides.hpp"

namespace dagrad {

Strides strides_of(const Shape& shape) {
  Strides strides{};
  std::int64_t stride = 1;
  for (int axis = shape.rank(); axis-- > 0; stride *= shape[axis])
    strides[static_cast<std::size_t>(axis)] = stride;
  return strides;
}

Strides broadcast_strides(const Shape& shape, const Shape& result) {
  const Strides own = strides_of(shape);
  Strides strides{};
  for (int axis = shape.rank(), to = result.rank(); axis-- > 0;)
    strides[static_cast<std::size_t>(--to)] =
        shape[axis] == 1 ? 0 : own[static_cast<std::size_t>(axis)];
  return strides;
}

AlongAxis::AlongAxis(const Shape& shape, std::int64_t axis) {
  const int along = normalize_axis(axis, shape.rank());
  for (int i = 0; i < along; ++i) outer *= shape[i];
  for (int i = along + 1; i < shape.rank(); ++i) inner *= shape[i];
  length = shape[along];
}

StridedAxes<> broadcast_axes(std::span<const Type> operands, const Shape& result) {
  std::vector<Strides> strides;
  for (const Type& type : operands) strides.push_back(broadcast_strides(type.shape, result));
  StridedAxes<> axes(operands.size());
  axes.add(result, strides);
  return axes;
}

}  // namespace dagrad
