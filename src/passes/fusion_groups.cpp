#include "src/passes/fusion_groups.hpp"

#include <bit>
#include <utility>

namespace dagrad::detail {

namespace {

/// What groups are held to once all is known.
constexpr std::size_t most_stored = 24;

}  // namespace

FusionGroups::FusionGroups(const GraphData& graph, const FusibleNodes& nodes)
    : graph_(graph), nodes_(nodes) {
  DraftGroups::Numbered groups = DraftGroups(graph, nodes).numbered();
  group_ = std::move(groups.group);
  first_ = std::move(groups.first);
  members_ = std::move(groups.members);
  find_stored();
  while (halve_groups()) find_stored();
}

/// Divides groups that turn out to have too many results; returns whether there were any. Nothing
/// leads from the second half to the first, since nodes are in order.
bool FusionGroups::halve_groups() {
  std::vector<std::uint32_t> first{0};
  for (std::uint32_t group = 0; group < size(); ++group) {
    std::size_t results = 0;
    for (const std::uint32_t node : members(group))
      results += static_cast<std::size_t>(std::popcount(stored_[node]));
    if (results > most_stored && members(group).size() > 1)
      first.push_back(first_[group] + static_cast<std::uint32_t>(members(group).size() / 2));
    first.push_back(first_[group + 1]);
  }
  if (first.size() == first_.size()) return false;
  first_.swap(first);
  for (std::uint32_t group = 0; group < size(); ++group)
    for (const std::uint32_t node : members(group))
      group_[node] = members(group).size() > 1 ? group : none;
  return true;
}

void FusionGroups::find_stored() {
  stored_.assign(group_.size(), 0);
  for (const std::uint32_t node : nodes_.nodes()) {
    if (!nodes_.is_computed(node)) continue;
    if (nodes_.is_requested(node))
      for (std::uint32_t port = 0; port < graph_.types_of(node).size(); ++port)
        stored_[node] |= result_bit(port);
    nodes_.each_read(node, [&](const Edge& edge) {
      if (group_[node] == none || group_[edge.node] != group_[node])
        stored_[edge.node] |= result_bit(edge.port);
    });
  }
}

}  // namespace dagrad::detail
