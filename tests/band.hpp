#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "dagrad/pattern.hpp"

namespace dagrad {

/// A square pattern of the diagonal and `width` diagonals on either side of it.
inline SparsityPattern band(std::int64_t n, std::int64_t width) {
  SparsityPattern pattern(0, n);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t first = std::max<std::int64_t>(0, i - width),
                       last = std::min(n - 1, i + width);
    std::vector<SparsityPattern::Index> row(static_cast<std::size_t>(last - first + 1));
    std::iota(row.begin(), row.end(), static_cast<SparsityPattern::Index>(first));
    pattern.append_row(row);
  }
  return pattern;
}

}  // namespace dagrad
