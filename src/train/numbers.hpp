#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace dagrad::detail {

using Numbers = std::vector<double>;

inline bool all_finite(const Numbers& x) {
  return std::all_of(x.begin(), x.end(), [](double each) { return std::isfinite(each); });
}

}  // namespace dagrad::detail
