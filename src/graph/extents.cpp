#include "src/graph/extents.hpp"

#include <algorithm>
#include <utility>

namespace dagrad::detail {

namespace {
constexpr int most_visits = 16;  // after this many parts, two extents count as different
}

std::uint32_t Extents::fixed(const Shape& shape) {
  if (shape.rank() == 0) return scalar;
  if (const auto at = fixed_.find(shape); at != fixed_.end()) return at->second;
  const bool full = std::ranges::find(shape.dims(), 1) == shape.dims().end();
  const auto rank = static_cast<std::uint32_t>(shape.rank());
  return fixed_.emplace(shape, add({constant, full ? rank : none})).first->second;
}

std::uint32_t Extents::broadcast(std::uint32_t a, std::uint32_t b) {
  if (a > b) std::swap(a, b);
  int visits = most_visits;
  if (has(b, a, visits)) return b;  // an extent is younger than its parts
  const std::uint64_t key = std::uint64_t{a} << 32 | b;
  if (const auto at = joints_.find(key); at != joints_.end()) return at->second;
  return joints_.emplace(key, add({a, b})).first->second;
}

std::uint32_t Extents::add(Parts parts) {
  parts_.push_back(parts);
  return static_cast<std::uint32_t>(parts_.size() - 1);
}

/// Whether `whole` is `part` broadcast with others, as far as a limited number of visits shows.
bool Extents::has(std::uint32_t whole, std::uint32_t part, int& visits) const {
  if (whole == part) return true;
  if (whole < part || visits == 0) return false;
  --visits;
  const Parts& parts = parts_[whole];
  return parts.first < constant &&
         (has(parts.first, part, visits) || has(parts.second, part, visits));
}

}  // namespace dagrad::detail
