#include "dagrad/shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

#include "dagrad/error.hpp"
#include "dagrad/strides.hpp"

namespace dagrad {

namespace {
constexpr std::int64_t max_elements = std::int64_t{1} << 48;

std::string text_of_dims(std::span<const std::int64_t> dims) {
  std::string text = "[";
  for (const std::int64_t dim : dims) {
    if (text.size() > 1) text += ',';
    text += std::to_string(dim);
  }
  return text += ']';
}
}  // namespace

Shape::Shape(std::initializer_list<std::int64_t> dims)
    : Shape(std::span(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const std::int64_t> dims) {
  if (dims.size() > max_rank) {
    throw ShapeError(fmt::format("a shape has at most {} dimensions, got {}: {}", max_rank,
                                 dims.size(), text_of_dims(dims)));
  }
  std::int64_t elements = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 0) {
      throw ShapeError(
          fmt::format("a dimension must be at least 0, got {} in {}", dim, text_of_dims(dims)));
    }
    const std::int64_t factor = std::max<std::int64_t>(dim, 1);
    if (factor > max_elements / elements) {
      throw ShapeError(
          fmt::format("a shape has at most 2^48 elements, got {}", text_of_dims(dims)));
    }
    elements *= factor;
  }
  std::copy(dims.begin(), dims.end(), dims_.begin());
  rank_ = static_cast<std::uint8_t>(dims.size());
}

std::string to_string(const Shape& shape) { return text_of_dims({shape.begin(), shape.end()}); }

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << to_string(shape); }

namespace {

/// What to do if the shape with fewer axes would broadcast with a last axis of size 1.
std::string remedy(const Shape& a, const Shape& b) {
  const Shape &less = a.rank() < b.rank() ? a : b, &more = a.rank() < b.rank() ? b : a;
  if (less.rank() == 0 || less.rank() + 1 != more.rank()) return "";
  std::vector<std::int64_t> dims(less.begin(), less.end());
  dims.push_back(1);
  const Shape with_last(dims);
  return broadcasts_to(with_last, more)
             ? fmt::format("; unsqueeze(x, -1) of the {} gives {}, which broadcasts",
                           to_string(less), to_string(with_last))
             : "";
}

}  // namespace

Shape broadcast(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::array<std::int64_t, max_rank> dims{};
  for (int axis = 1; axis <= rank; ++axis) {  // counted from the right
    const std::int64_t da = axis <= a.rank() ? a[a.rank() - axis] : 1;
    const std::int64_t db = axis <= b.rank() ? b[b.rank() - axis] : 1;
    if (da != db && da != 1 && db != 1) {
      throw ShapeError(fmt::format("shapes {} and {} do not broadcast: {} against {} on axis {}{}",
                                   to_string(a), to_string(b), da, db, -axis, remedy(a, b)));
    }
    dims[static_cast<std::size_t>(rank - axis)] = da == 1 ? db : da;
  }
  return Shape(std::span<const std::int64_t>(dims.data(), static_cast<std::size_t>(rank)));
}

bool broadcasts_to(const Shape& from, const Shape& to) {
  const int added = to.rank() - from.rank();
  if (added < 0) return false;
  for (int axis = 0; axis < from.rank(); ++axis) {
    if (from[axis] != 1 && from[axis] != to[axis + added]) return false;
  }
  return true;
}

int normalize_axis(std::int64_t axis, int rank) {
  if (rank == 0)
    throw ShapeError(fmt::format("axis {} does not exist: a scalar has no axes", axis));
  if (axis < -rank || axis >= rank) {
    throw ShapeError(
        fmt::format("axis {} is outside [{}, {}] for rank {}", axis, -rank, rank - 1, rank));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::string index_text(const Shape& shape, std::int64_t position) {
  const MultiIndex index(shape.dims(), position);
  std::string text;
  for (int axis = 0; axis < shape.rank(); ++axis)
    text += fmt::format("{}{}", axis == 0 ? "" : ",", index[axis]);
  return fmt::format("[{}]", text);
}

std::string to_string(const Type& type) {
  return fmt::format("{}{}", name(type.dtype), to_string(type.shape));
}

std::ostream& operator<<(std::ostream& out, const Type& type) { return out << to_string(type); }

}  // namespace dagrad
