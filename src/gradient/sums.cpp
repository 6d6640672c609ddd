#include "src/gradient/sums.hpp"

#include <algorithm>

#include "dagrad/ops/structural.hpp"

namespace dagrad::detail {

void Sums::add(std::uint32_t slot, const Value& contribution) {
  contributions_.make_room(1);
  contributions_.push_back({contribution.node_id(), contribution.port(), newest_[slot]});
  newest_[slot] = contributions_.size() - 1;
}

Gradient Sums::total(std::uint32_t slot) {
  if (newest_[slot] == nothing) return zero;
  const Contribution newest = contributions_[newest_[slot]];
  if (newest.next == nothing) return graph_.value(newest.node, newest.port);
  values_.clear();
  for (std::uint32_t at = newest_[slot]; at != nothing; at = contributions_[at].next)
    values_.push_back(graph_.value(contributions_[at].node, contributions_[at].port));
  std::reverse(values_.begin(), values_.end());
  const Value sum = add_n(values_);
  newest_[slot] = nothing;
  add(slot, sum);
  return sum;
}

std::optional<Edge> Sums::only(std::uint32_t slot) const {
  if (newest_[slot] == nothing) return {};
  const Contribution& newest = contributions_[newest_[slot]];
  if (newest.next != nothing) return {};
  return Edge(newest.node, newest.port, false);
}

}  // namespace dagrad::detail
