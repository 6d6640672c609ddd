#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/range.hpp"
#include "dagrad/shape.hpp"

namespace dagrad {

/// What `x[...]` takes along one axis: a position, which drops the axis, or a range of positions,
/// which keeps it. Made by default, it stands for the whole axis.
class Index {
 public:
  Index() = default;
  template <std::integral T>
  Index(T position) : range_{static_cast<std::int64_t>(position)}, drops_(true) {
    if (range_.begin != -1) range_.end = *range_.begin + 1;
  }
  Index(const Range& range) : range_(range) {}

  bool drops_axis() const { return drops_; }
  const Range& range() const { return range_; }

 private:
  Range range_;
  bool drops_ = false;
};

/// What stands between the brackets of `x[...]`, for the first axes of x: `x[i]`, `x[{i, j}]`,
/// `x[Range{1, 3}]`, `x[{{1, 3}, {.step = -1}}]` or, mixed, `x[{i, Range{1, 3}}]`. Braces around
/// numbers are positions; braces around braces are ranges. Notes the line of the call.
class Indices {
 public:
  template <std::integral T>
  Indices(T position, Location where = Location::here()) : list_{position}, where_(where) {}
  Indices(const Range& range, Location where = Location::here()) : list_{range}, where_(where) {}
  Indices(std::initializer_list<Index> list, Location where = Location::here())
      : list_(list), where_(where) {}
  Indices(std::initializer_list<Range> list, Location where = Location::here())
      : list_(list.begin(), list.end()), where_(where) {}
  Indices(const std::vector<Range>& list, Location where = Location::here())
      : list_(list.begin(), list.end()), where_(where) {}

  Location where() const { return where_; }
  /// One range for each index. Throws ShapeError for more of them than axes, ArgumentError for a
  /// position outside [-size, size) of its axis.
  std::vector<Range> ranges(const Shape& shape) const;
  /// The axes that the result lacks, in ascending order.
  std::vector<std::int64_t> dropped() const;

 private:
  std::vector<Index> list_;
  Location where_;
};

}  // namespace dagrad
