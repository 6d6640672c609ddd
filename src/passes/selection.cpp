#include "src/passes/selection.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "dagrad/axes.hpp"
#include "dagrad/strides.hpp"

namespace dagrad::detail {

namespace {

using Places = Selection::Places;

/// Calls `f(i, place)` for each element.
template <class F>
void each_place(std::size_t length, const Places& places, F f) {
  const std::int32_t* const at = places ? places->data() : nullptr;
  for (std::size_t i = 0; i < length; ++i) f(i, at != nullptr ? at[i] : 0);
}

std::vector<std::int64_t> without_ones(const Shape& shape) {
  std::vector<std::int64_t> sizes;
  std::ranges::copy_if(shape, std::back_inserter(sizes), [](std::int64_t n) { return n != 1; });
  return sizes;
}

}  // namespace

Selection Selections::of_elements(const Shape& shape, std::vector<std::int32_t> positions) const {
  Selection selection{std::vector<Places>(static_cast<std::size_t>(shape.rank()))};
  std::int64_t around = shape.elements();
  for (int axis = shape.rank(); axis-- > 0;) {
    if (shape[axis] == 1) continue;
    const auto size = static_cast<std::int32_t>(shape[axis]);
    around /= size;
    std::vector<std::int32_t> places = around == 1 ? std::move(positions) : positions;
    for (std::size_t i = 0; around > 1 && i < length_; ++i) {
      positions[i] /= size;
      places[i] -= positions[i] * size;
    }
    selection.axes[static_cast<std::size_t>(axis)] =
        std::make_shared<const std::vector<std::int32_t>>(std::move(places));
    if (around == 1) break;
  }
  return selection;
}

Tensor Selections::elements(const Selection& selection, const Shape& shape) const {
  Tensor tensor(Type{i32, {static_cast<std::int64_t>(length_)}});
  std::int32_t* const to = tensor.mutate<std::int32_t>().data();
  const Strides strides = strides_of(shape);
  for (std::size_t axis = 0; axis < selection.axes.size(); ++axis) {
    const auto stride = static_cast<std::int32_t>(strides[axis]);
    if (selection.axes[axis] != nullptr)
      each_place(length_, selection.axes[axis],
                 [&](std::size_t i, std::int32_t place) { to[i] += place * stride; });
  }
  return tensor;
}

Tensor Selections::take(const Selection& selection, const Tensor& from) const {
  Tensor taken(Type{from.dtype(), {static_cast<std::int64_t>(length_)}});
  const auto moving = [](const Places& places) { return places != nullptr; };
  const auto axis = std::ranges::find_if(selection.axes, moving);
  const bool has_one =
      axis != selection.axes.end() && std::none_of(axis + 1, selection.axes.end(), moving);
  const Tensor positions = has_one ? Tensor() : elements(selection, from.shape());
  const std::int32_t* const at =
      has_one ? (*axis)->data() : positions.values<std::int32_t>().data();
  const std::int64_t stride =
      has_one ? strides_of(from.shape())[static_cast<std::size_t>(axis - selection.axes.begin())]
              : 1;
  dispatch_width(from.dtype(), [&]<class T>(std::type_identity<T>) {
    const auto* const of = static_cast<const T*>(from.data());
    auto* const to = static_cast<T*>(taken.mutable_view().data);
    for (std::size_t i = 0; i < length_; ++i) to[i] = of[at[i] * stride];
  });
  return taken;
}

Selection Selections::reshaped(const Selection& selection, const Shape& from, const Shape& x) {
  if (without_ones(from) == without_ones(x)) {
    Selection result;
    int at = 0;
    for (const std::int64_t size : x) {
      while (size != 1 && from[at] == 1) ++at;
      result.axes.push_back(size == 1 ? nullptr : selection.axes[static_cast<std::size_t>(at++)]);
    }
    return result;
  }
  for (const auto& [known, shape, result] : reshaped_)
    if (known == selection && shape == x) return result;
  const Tensor flat = elements(selection, from);
  const auto positions = flat.values<std::int32_t>();
  Selection result = of_elements(x, {positions.begin(), positions.end()});
  reshaped_.emplace_back(selection, x, result);
  return result;
}

Selection Selections::broadcast(const Selection& selection, const Shape& x) const {
  Selection result{{selection.axes.end() - x.rank(), selection.axes.end()}};
  for (int axis = 0; axis < x.rank(); ++axis)
    if (x[axis] == 1) result.axes[static_cast<std::size_t>(axis)] = nullptr;
  return result;
}

Selection Selections::transposed(const Selection& selection,
                                 std::span<const std::int64_t> axes) const {
  Selection result{std::vector<Places>(axes.size())};
  for (std::size_t i = 0; i < axes.size(); ++i)
    result.axes[static_cast<std::size_t>(normalize_axis(axes[i], static_cast<int>(axes.size())))] =
        selection.axes[i];
  return result;
}

Selection Selections::sliced(const Selection& selection, std::span<const Range> ranges,
                             const Shape& x) {
  Selection result = selection;
  for (std::size_t axis = 0; axis < ranges.size(); ++axis) {
    const Positions at = positions(ranges[axis], x[static_cast<int>(axis)]);
    if (at.first == 0 && at.step == 1) continue;
    Places& places = result.axes[axis];
    Places& now = sliced_[{places, at.first, at.step}];
    if (now == nullptr) {
      const auto first = static_cast<std::int32_t>(at.first),
                 step = static_cast<std::int32_t>(at.step);
      std::vector<std::int32_t> moved(length_);
      each_place(length_, places,
                 [&](std::size_t i, std::int32_t place) { moved[i] = first + place * step; });
      now = std::make_shared<const std::vector<std::int32_t>>(std::move(moved));
    }
    places = now;
  }
  return result;
}

Selections::Padded Selections::padded(const Selection& selection, const Shape& from,
                                      std::span<const std::int64_t> before, const Shape& x) {
  Padded result{selection, {}};
  Tensor inside(Type{b8, {static_cast<std::int64_t>(length_)}});
  bool* const is_inside = inside.mutate<bool>().data();
  std::fill_n(is_inside, length_, true);
  bool all = true;
  for (std::size_t axis = 0; axis < before.size(); ++axis) {
    if (x[static_cast<int>(axis)] == from[static_cast<int>(axis)]) continue;
    const auto first = static_cast<std::int32_t>(before[axis]);
    const auto size = static_cast<std::uint32_t>(x[static_cast<int>(axis)]);
    std::vector<std::int32_t> moved(length_);
    Places& places = result.selection.axes[axis];
    each_place(length_, places, [&](std::size_t i, std::int32_t place) {
      const bool shows = static_cast<std::uint32_t>(place - first) < size;
      moved[i] = shows ? place - first : 0;
      is_inside[i] &= shows;
      all &= shows;
    });
    Places& now = padded_[{places, before[axis], x[static_cast<int>(axis)]}];
    if (now == nullptr) now = std::make_shared<const std::vector<std::int32_t>>(std::move(moved));
    places = now;
  }
  if (!all) result.inside = std::move(inside);
  return result;
}

}  // namespace dagrad::detail
