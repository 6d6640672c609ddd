#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "src/graph/interned.hpp"

namespace dagrad::detail {

/// Numbers for shapes that a replay may change: values with the same extent have the same shape in
/// every replay of their graph. A gradient is summed to its operand's shape unless their extents
/// are the same. Comparing the current shapes would not do, since they may be equal by coincidence.
///
/// An extent is a list of axes, each of which is a size that no replay can change, a size of which
/// nothing is known, or the one to which two others broadcast.
class Extents {
 public:
  /// The extent of every scalar, as a replay does not change ranks.
  static constexpr std::uint32_t scalar = 0;
  /// An axis of which nothing is known.
  static constexpr std::uint32_t unknown = 0xffffffff;

  /// The extent of a shape that no replay can change: that of a parameter, a constant, or a value
  /// computed from these alone.
  std::uint32_t fixed(const Shape& shape);
  bool is_fixed(std::uint32_t extent) const { return extents_[extent].fixed; }
  /// Whether values of this rank that are broadcast with a value of the extent have its shape in
  /// every replay: it is fixed, and no axis has one element.
  bool absorbs(std::uint32_t extent, int rank) const {
    return extents_[extent].full && static_cast<int>(extents_[extent].rank) == rank;
  }
  /// A new extent, for a shape with this many axes of which nothing is known.
  std::uint32_t fresh(int rank);
  /// The axes of an extent, until the next one is made.
  std::span<const std::uint32_t> axes(std::uint32_t extent) const {
    return {lists_.data() + extents_[extent].first, extents_[extent].rank};
  }
  /// The extent with these axes, which may include `unknown` ones. They must not be part of what
  /// `axes` returns.
  std::uint32_t of(std::span<const std::uint32_t> axes);
  /// The extent to which two extents broadcast.
  std::uint32_t joint(std::uint32_t a, std::uint32_t b) {
    if (a == b || b == scalar) return a;
    return a == scalar ? b : broadcast(a, b);
  }
  bool same(std::uint32_t a, std::uint32_t b) const;

 private:
  struct Extent {
    std::uint32_t first;  ///< index of the first axis in `lists_`
    std::uint32_t rank;
    bool fixed;  ///< no replay can change an axis
    bool full;   ///< it is fixed, and no axis has one element
  };
  /// What is known of an axis: the two that it joins, if any. If it is fixed, the first is
  /// `constant`.
  struct Axis {
    std::uint32_t first, second;
  };
  static constexpr std::uint32_t none = 0xffffffff, constant = 0xfffffffe;
  static constexpr std::uint32_t one = 0;  ///< the axis of one element

  bool is_constant(std::uint32_t axis) const { return axes_[axis].first == constant; }
  std::uint32_t fixed_axis(std::int64_t size);
  std::uint32_t add_axis(Axis axis);
  std::uint32_t add(std::span<const std::uint32_t> axes);
  std::uint32_t broadcast(std::uint32_t a, std::uint32_t b);
  std::uint32_t broadcast_axes(std::uint32_t a, std::uint32_t b);
  bool has(std::uint32_t whole, std::uint32_t part, int& visits) const;

  std::vector<Extent> extents_{{0, 0, true, false}};
  std::vector<std::uint32_t> lists_;  ///< the axes of all extents
  std::vector<Axis> axes_{{constant, none}};
  std::unordered_map<std::uint64_t, std::uint32_t> joints_, joint_axes_;  // keys combine both parts
  std::unordered_map<Shape, std::uint32_t, ShapeHash> fixed_;
  std::unordered_map<std::int64_t, std::uint32_t> fixed_axes_{{1, one}};
  std::vector<std::uint32_t> made_;  ///< scratch space
};

}  // namespace dagrad::detail
