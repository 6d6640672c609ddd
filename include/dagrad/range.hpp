#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dagrad/config.hpp"

namespace dagrad {

/// Elements begin, begin + step, … before end of an axis, as in Python: negative positions count
/// from the end, what lies outside is cut off, what is left out is the first or last element in the
/// direction of the step. `{1, 3}`, `{.end = -1}`, `{.step = -1}`, `{}` for all.
struct Range {
  std::optional<std::int64_t> begin = {}, end = {};
  std::int64_t step = 1;
  friend bool operator==(const Range&, const Range&) = default;
};

/// The positions that a range means on an axis of some size: `count` of them, the first at `first`,
/// `step` apart.
struct Positions {
  std::int64_t first = 0, count = 0, step = 1;
};
/// Throws ArgumentError for a step of 0.
Positions positions(const Range& range, std::int64_t size);

/// "[1:3,::-1]"
std::string to_string(const std::vector<Range>& ranges);

}  // namespace dagrad
