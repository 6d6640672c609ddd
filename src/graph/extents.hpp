#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "src/graph/interned.hpp"

namespace dagrad::detail {

/// Numbers that stand for shapes which a replay may change: values of one extent have one shape in
/// every replay of their graph. A gradient is summed back to its operand's shape but where their
/// extents are the same; that two shapes are equal today proves nothing.
class Extents {
 public:
  /// Of everything of rank 0: a replay changes no rank.
  static constexpr std::uint32_t scalar = 0;

  /// Of a shape that no replay can change: that of a parameter, a constant, and of what is computed
  /// of these alone.
  std::uint32_t fixed(const Shape& shape);
  bool is_fixed(std::uint32_t extent) const { return parts_[extent].first == constant; }
  /// Of a shape that nothing is known of.
  std::uint32_t fresh() { return add({none, none}); }
  /// Of what two extents broadcast to.
  std::uint32_t joint(std::uint32_t a, std::uint32_t b) {
    if (a == b || b == scalar) return a;
    return a == scalar ? b : broadcast(a, b);
  }

 private:
  static constexpr std::uint32_t none = 0xffffffff, constant = 0xfffffffe;
  struct Parts {
    std::uint32_t first, second;  ///< `none` where it is no joint extent, `constant` where fixed
  };
  std::uint32_t add(Parts parts);
  std::uint32_t broadcast(std::uint32_t a, std::uint32_t b);
  bool has(std::uint32_t whole, std::uint32_t part, int& visits) const;

  std::vector<Parts> parts_{{constant, constant}};
  std::unordered_map<std::uint64_t, std::uint32_t> joints_;  // by both parts
  std::unordered_map<Shape, std::uint32_t, ShapeHash> fixed_;
};

}  // namespace dagrad::detail
