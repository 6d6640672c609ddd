#include "src/train/first_not_finite.hpp"

#include <algorithm>
#include <cmath>

#include "src/tensor/finite_elements.hpp"

namespace dagrad::detail {

std::int64_t first_not_finite(const Tensor& x) {
  constexpr std::int64_t block = 4096;
  for (std::int64_t begin = 0; begin < x.size(); begin += block) {
    const std::int64_t end = std::min(begin + block, x.size());
    if (all_finite(x.view(), begin, end)) continue;
    std::int64_t at = begin;
    while (std::isfinite(x.at(at))) ++at;
    return at;
  }
  return -1;
}

}  // namespace dagrad::detail
