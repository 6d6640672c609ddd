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

/// "[1:3,::-1]"
std::string to_string(const std::vector<Range>& ranges);

}  // namespace dagrad
