#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "src/graph/interned.hpp"

namespace dagrad::detail {

/// Numbers for shapes that a replay may change: values with the same extent have the same shape in
/// every replay of their graph. A gradient is summed to its operand's shape unless their extents
/// are the same. Comparing the current shapes would not do, since they may be equal by coincidence.
class Extents {
 public:
  /// The extent of every scalar, as a replay does not change ranks.
  static constexpr std::uint32_t scalar = 0;

  /// The extent of a shape that no replay can change: that of a parameter, a constant, or a value
  /// computed from these alone.
  std::uint32_t fixed(const Shape& shape);
  bool is_fixed(std::uint32_t extent) const { return parts_[extent].first == constant; }
  /// Whether values of this rank that are broadcast with a value of the extent have its shape in
  /// every replay: it is fixed, and no axis has one element.
  bool absorbs(std::uint32_t extent, int rank) const {
    return is_fixed(extent) && parts_[extent].second == static_cast<std::uint32_t>(rank);
  }
  /// A new extent, for a shape of which nothing is known.
  std::uint32_t fresh() { return add({none, none}); }
  /// The extent to which two extents broadcast.
  std::uint32_t joint(std::uint32_t a, std::uint32_t b) {
    if (a == b || b == scalar) return a;
    return a == scalar ? b : broadcast(a, b);
  }

 private:
  static constexpr std::uint32_t none = 0xffffffff, constant = 0xfffffffe;
  struct Parts {
    /// `none` unless it is a joint extent. If it is fixed, the first is `constant`, and the second
    /// the rank of the shape if no axis has one element.
    std::uint32_t first, second;
  };
  std::uint32_t add(Parts parts);
  std::uint32_t broadcast(std::uint32_t a, std::uint32_t b);
  bool has(std::uint32_t whole, std::uint32_t part, int& visits) const;

  std::vector<Parts> parts_{{constant, none}};
  std::unordered_map<std::uint64_t, std::uint32_t> joints_;  // the key combines both parts
  std::unordered_map<Shape, std::uint32_t, ShapeHash> fixed_;
};

}  // namespace dagrad::detail
