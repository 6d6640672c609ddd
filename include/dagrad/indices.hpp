#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <vector>

#include "dagrad/error.hpp"
#include "dagrad/range.hpp"
#include "dagrad/shape.hpp"

namespace dagrad {

namespace detail {

/// The line of a call. Unlike a Location, it cannot be made by `{}`.
struct CallLine {
  constexpr CallLine(Location where) : at(where) {}
  Location at;
};

/// A range written in braces, as in `x[{.begin = 1}]`. Notes the line of the call.
struct BracedRange {
  std::optional<std::int64_t> begin = {}, end = {};
  std::int64_t step = 1;
  Location where = Location::here();
};

}  // namespace detail

/// What `x[...]` takes along one axis: a position, which drops the axis, or a range of positions,
/// which keeps it. Made by default, it stands for the whole axis. Notes the line of the call.
class Index {
 public:
  Index(detail::CallLine where = Location::here()) : where_(where.at) {}
  template <std::integral T>
  Index(T position, detail::CallLine where = Location::here())
      : range_{static_cast<std::int64_t>(position)}, drops_(true), where_(where.at) {
    if (range_.begin != -1) range_.end = *range_.begin + 1;
  }
  Index(const Range& range, detail::CallLine where = Location::here())
      : range_(range), where_(where.at) {}
  Index(const detail::BracedRange& range)
      : range_{range.begin, range.end, range.step}, where_(range.where) {}

  bool drops_axis() const { return drops_; }
  const Range& range() const { return range_; }
  Location where() const { return where_; }

 private:
  Range range_;
  bool drops_ = false;
  Location where_;
};

/// What stands between the brackets of `x[...]`, for the first axes of x: `x[i]`, `x[{i, j}]`,
/// `x[Range{1, 3}]`, `x[{.begin = 1}]`, `x[{{1, 3}, {.step = -1}}]` or, mixed, `x[{i, Range{1,
/// 3}}]`. Braces around numbers are positions; braces around braces are ranges. Notes the line of
/// the call.
class Indices {
 public:
  template <std::integral T>
  Indices(T position, Location where = Location::here()) : Indices({Index(position, where)}) {}
  Indices(const Range& range, Location where = Location::here()) : Indices({Index(range, where)}) {}
  Indices(std::initializer_list<Index> list);
  Indices(std::initializer_list<detail::BracedRange> list);
  Indices(const std::vector<Range>& list, Location where = Location::here());

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

/// Base class of X, which has a member `part(const Indices&)`: `x[...]` is that part.
template <class X>
class Indexable {
 public:
  X operator[](std::initializer_list<Index> indices) const { return part_at(indices); }
  X operator[](std::initializer_list<detail::BracedRange> ranges) const { return part_at(ranges); }
  X operator[](const detail::BracedRange& range) const { return part_at({Index(range)}); }
  /// A template, so that it comes after the others if braces fit several. Otherwise, g++ 12 would
  /// read `{.begin = 1}` as `{1}`.
  template <std::same_as<void> = void>
  X operator[](const Indices& indices) const {
    return part_at(indices);
  }

 private:
  X part_at(const Indices& indices) const { return static_cast<const X&>(*this).part(indices); }
};

}  // namespace dagrad
