#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dagrad/config.hpp"

namespace dagrad {

/// The positions begin, begin + step, … before end along an axis, as in Python: negative positions
/// count from the end, and positions outside the axis are cut off. If begin or end is left out, the
/// range starts at the first or runs to the last position in the direction of the step. Examples:
/// `{1, 3}`, `{.end = -1}`, `{.step = -1}`, and `{}` for all.
struct Range {
  std::optional<std::int64_t> begin = {}, end = {};
  std::int64_t step = 1;
  friend bool operator==(const Range&, const Range&) = default;
};

/// The positions that a range selects on an axis of some size: `count` of them from `first` on,
/// `step` apart.
struct Positions {
  std::int64_t first = 0, count = 0, step = 1;
};
/// Throws ArgumentError for a step of 0.
Positions positions(const Range& range, std::int64_t size);

/// The ranges as text, such as "[1:3,::-1]".
std::string to_string(const std::vector<Range>& ranges);

}  // namespace dagrad
