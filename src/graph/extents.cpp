#include "src/graph/extents.hpp"

#include <algorithm>
#include <utility>

namespace dagrad::detail {

namespace {

constexpr int most_visits = 16;  // after this many parts, two axes count as different

std::uint64_t key_of(std::uint32_t a, std::uint32_t b) { return std::uint64_t{a} << 32 | b; }

}  // namespace

std::uint32_t Extents::fixed(const Shape& shape) {
  if (shape.rank() == 0) return scalar;
  if (const auto at = fixed_.find(shape); at != fixed_.end()) return at->second;
  made_.clear();
  for (const std::int64_t size : shape) made_.push_back(fixed_axis(size));
  return fixed_.emplace(shape, add(made_)).first->second;
}

std::uint32_t Extents::fixed_axis(std::int64_t size) {
  if (const auto at = fixed_axes_.find(size); at != fixed_axes_.end()) return at->second;
  return fixed_axes_.emplace(size, add_axis({constant, none})).first->second;
}

std::uint32_t Extents::fresh(int rank) {
  made_.assign(static_cast<std::size_t>(rank), unknown);
  return of(made_);
}

std::uint32_t Extents::of(std::span<const std::uint32_t> axes) {
  if (axes.empty()) return scalar;
  const std::uint32_t extent = add(axes);
  for (std::uint32_t i = extents_[extent].first; i < lists_.size(); ++i)
    if (lists_[i] == unknown) lists_[i] = add_axis({none, none});
  return extent;
}

std::uint32_t Extents::add(std::span<const std::uint32_t> axes) {
  Extent extent{static_cast<std::uint32_t>(lists_.size()), static_cast<std::uint32_t>(axes.size()),
                true, true};
  for (const std::uint32_t axis : axes) {
    extent.fixed = extent.fixed && axis != unknown && is_constant(axis);
    extent.full = extent.full && extent.fixed && axis != one;
  }
  lists_.insert(lists_.end(), axes.begin(), axes.end());
  extents_.push_back(extent);
  return static_cast<std::uint32_t>(extents_.size() - 1);
}

std::uint32_t Extents::add_axis(Axis axis) {
  axes_.push_back(axis);
  return static_cast<std::uint32_t>(axes_.size() - 1);
}

bool Extents::same(std::uint32_t a, std::uint32_t b) const {
  return a == b || std::ranges::equal(axes(a), axes(b));
}

std::uint32_t Extents::broadcast(std::uint32_t a, std::uint32_t b) {
  if (std::pair(extents_[a].rank, b) < std::pair(extents_[b].rank, a)) std::swap(a, b);
  const std::uint64_t key = key_of(a, b);
  if (const auto at = joints_.find(key); at != joints_.end()) return at->second;
  made_.assign(axes(a).begin(), axes(a).end());
  const std::size_t more = extents_[a].rank - extents_[b].rank;
  for (std::size_t i = more; i < made_.size(); ++i)
    made_[i] = broadcast_axes(made_[i], axes(b)[i - more]);
  const auto is = [&](std::uint32_t extent) { return std::ranges::equal(axes(extent), made_); };
  return joints_.emplace(key, is(a) ? a : is(b) ? b : add(made_)).first->second;
}

/// Where one axis has a fixed size other than one, the other can only have the same or one.
std::uint32_t Extents::broadcast_axes(std::uint32_t a, std::uint32_t b) {
  if (a == b || b == one) return a;
  if (a == one) return b;
  if (is_constant(a) || is_constant(b)) return is_constant(a) ? a : b;
  if (a > b) std::swap(a, b);
  int visits = most_visits;
  if (has(b, a, visits)) return b;  // an axis is younger than its parts
  const std::uint64_t key = key_of(a, b);
  if (const auto at = joint_axes_.find(key); at != joint_axes_.end()) return at->second;
  return joint_axes_.emplace(key, add_axis({a, b})).first->second;
}

/// Whether `whole` is `part` broadcast with others, as far as a limited number of visits shows.
bool Extents::has(std::uint32_t whole, std::uint32_t part, int& visits) const {
  if (whole == part) return true;
  if (whole < part || visits == 0) return false;
  --visits;
  const Axis& axis = axes_[whole];
  return axis.first < constant && (has(axis.first, part, visits) || has(axis.second, part, visits));
}

}  // namespace dagrad::detail
