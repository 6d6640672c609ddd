#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/loops/straight_line.hpp"

namespace dagrad::detail {

/// The order in which a routine computes its steps. Those that nothing needs are left out, and so
/// are loads and constants, which are read where they are used.
class LineSchedule {
 public:
  explicit LineSchedule(const StraightLine& line);

  /// Steps computed together: one; or several calls of the same function for one element each, at
  /// most as many as a vector has lanes.
  struct Item {
    std::uint32_t first = 0, count = 1;  ///< in `order`
  };
  std::span<const Item> items() const { return items_; }
  std::span<const std::uint32_t> steps(const Item& item) const {
    return std::span(order_).subspan(item.first, item.count);
  }

 private:
  void find_heights(const StraightLine& line);
  void sort_by_height(const StraightLine& line);
  void group_calls(const StraightLine& line, std::size_t begin, std::size_t end);

  /// For each step, the number of calls, one after the other, for which its value is needed; -1 if
  /// it is not needed.
  std::vector<std::int32_t> height_;
  std::vector<std::uint32_t> order_;
  std::vector<Item> items_;
};

/// Whether a step calls a function.
bool is_call(const LineStep& step);

}  // namespace dagrad::detail
