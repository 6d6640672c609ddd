#include "dagrad/indices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "dagrad/strides.hpp"
#include "dagrad/tensor.hpp"

namespace dagrad {

Positions positions(const Range& range, std::int64_t size) {
  const std::int64_t far = std::max<std::int64_t>(size, 1);  // a step behind the last element
  const std::int64_t step = std::clamp(range.step, -far, far);
  if (step == 0) throw ArgumentError("a step must not be 0");
  const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
  const auto place = [&](std::int64_t at) {
    return std::clamp(at < 0 ? at + size : at, low, high);
  };
  const std::int64_t first = range.begin ? place(*range.begin) : step > 0 ? low : high;
  const std::int64_t end = range.end ? place(*range.end) : step > 0 ? high : low;
  const std::int64_t way = step > 0 ? end - first : first - end;
  return {first, way > 0 ? (way - 1) / std::abs(step) + 1 : 0, step};
}

Indices::Indices(std::initializer_list<Index> list)
    : list_(list), where_(list_.empty() ? Location() : list_.front().where()) {}
Indices::Indices(std::initializer_list<detail::BracedRange> list)
    : list_(list.begin(), list.end()), where_(list_.empty() ? Location() : list_.front().where()) {}
Indices::Indices(const std::vector<Range>& list, Location where)
    : list_(list.begin(), list.end()), where_(where) {}

std::vector<Range> Indices::ranges(const Shape& shape) const {
  const auto place = "\n  made at " + to_string(where_);
  if (list_.size() > 0 && shape.rank() == 0)
    throw ShapeError("x[...]: a scalar has no axes to index; item() gives the number in a Tensor" +
                     place);
  if (list_.size() > static_cast<std::size_t>(shape.rank()))
    throw ShapeError(fmt::format("x[...]: {} indices are too many for {}, which has rank {}{}",
                                 list_.size(), to_string(shape), shape.rank(), place));
  std::vector<Range> ranges;
  for (const Index& index : list_) {
    const auto axis = static_cast<int>(ranges.size());
    const Range& range = ranges.emplace_back(index.range());
    if (range.step == 0) throw ArgumentError("x[...]: a step must not be 0" + place);
    if (index.drops_axis() && (*range.begin < -shape[axis] || *range.begin >= shape[axis]))
      throw ArgumentError(fmt::format("x[...]: position {} is outside [{}, {}) of axis {} of {}{}",
                                      *range.begin, -shape[axis], shape[axis], axis,
                                      to_string(shape), place));
  }
  return ranges;
}

std::vector<std::int64_t> Indices::dropped() const {
  std::vector<std::int64_t> axes;
  for (std::size_t i = 0; i < list_.size(); ++i)
    if (list_[i].drops_axis()) axes.push_back(static_cast<std::int64_t>(i));
  return axes;
}

namespace {

/// Where a part of a tensor lies: an axis of the part for each of the tensor's, and the offset of
/// the first element.
struct Part {
  StridedAxes<1> axes;
  std::int64_t offset = 0;
  Shape shape;  ///< without the axes that are dropped

  Part(const Indices& indices, const Shape& whole) {
    const std::vector<Range> ranges = indices.ranges(whole);
    const std::vector<std::int64_t> dropped = indices.dropped();
    const Strides strides = strides_of(whole);
    std::vector<std::int64_t> dims;
    for (int axis = 0; axis < whole.rank(); ++axis) {
      const auto i = static_cast<std::size_t>(axis);
      const Positions at = positions(i < ranges.size() ? ranges[i] : Range{}, whole[axis]);
      axes.add(at.count, {at.step * strides[i]});
      offset += at.first * strides[i];
      if (std::find(dropped.begin(), dropped.end(), axis) == dropped.end())
        dims.push_back(at.count);
    }
    shape = Shape(dims);
  }
  bool in_one_piece() const {
    return axes.rank() == 0 || (axes.rank() == 1 && axes.stride(0) == 1);
  }
};

}  // namespace

Tensor Tensor::part(const Indices& indices) const {
  const Part part(indices, shape());
  if (part.shape.elements() == 0) return Tensor(Type{dtype(), part.shape});
  const auto* const first = static_cast<const std::byte*>(data_) +
                            part.offset * static_cast<std::int64_t>(size_of(dtype()));
  if (part.in_one_piece()) {
    Tensor tensor = *this;
    tensor.data_ = const_cast<std::byte*>(first);
    tensor.type_.shape = part.shape;
    return tensor;
  }
  Tensor tensor = detail::uninitialized({dtype(), part.shape});
  dispatch_width(dtype(), [&]<class Bits>(std::type_identity<Bits>) {
    const auto* const from = reinterpret_cast<const Bits*>(first);
    auto* to = static_cast<Bits*>(tensor.data_);
    each_row(part.axes, 0, part.shape.elements(), [&](const StridedRow<1>& row) {
      for (std::int64_t i = 0; i < row.length; ++i)
        *to++ = from[row.offsets[0] + i * row.strides[0]];
    });
  });
  return tensor;
}

}  // namespace dagrad
