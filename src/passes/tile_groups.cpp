#include "src/passes/tile_groups.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "src/passes/tile_size.hpp"

namespace dagrad::detail {

TileGroups::TileGroups(const GraphData& graph, const RowNodes& nodes)
    : graph_(graph), nodes_(nodes) {
  find_levels();
  raise_levels();
  join();
  join_sums();
  number_groups();
  compute_again();
  find_stored();
  drop_unused();
  keep_worthwhile();
  find_stored();
}

// ---- levels

void TileGroups::find_levels() {
  level_.assign(nodes_.nodes().empty() ? 0 : nodes_.nodes().back() + 1, 0);
  std::int32_t after_ordered = 0;
  for (const std::uint32_t node : nodes_.nodes()) {
    if (!nodes_.is_read(node)) continue;
    const auto operands = graph_.operands_of(node);
    for (std::size_t i = 0; i < operands.size(); ++i)
      if (!operands[i].type_only)
        level_[node] = std::max(level_[node], level_[operands[i].node] + distance(node, i));
    if (!nodes_.is_ordered(node)) continue;
    after_ordered = level_[node] = std::max(level_[node], after_ordered);
  }
}

void TileGroups::raise_levels() {
  std::vector<UserLevels> users(level_.size());
  for (auto at = nodes_.nodes().rbegin(); at != nodes_.nodes().rend(); ++at) {
    const std::uint32_t node = *at;
    if (!nodes_.is_read(node)) continue;
    raise(node, users[node]);
    const auto operands = graph_.operands_of(node);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (operands[i].type_only) continue;
      users[operands[i].node].add(level_[node] - distance(node, i), nodes_.fit(node, i));
    }
  }
}

void TileGroups::raise(std::uint32_t node, const UserLevels& users) {
  if (users.bound == UserLevels::unlimited || !nodes_.is_row_wise(node)) return;
  const std::size_t operands = graph_.operands_of(node).size();
  bool joins_operand = false;
  for (std::size_t i = 0; i < operands; ++i) joins_operand = joins_operand || joins(node, i);
  const bool is_inner = users.all_fit && !nodes_.is_requested(node);
  if (is_inner || (users.fit_at_bound && !joins_operand)) level_[node] = users.bound;
}

// ---- groups

std::uint32_t TileGroups::root(std::uint32_t node) {
  while (parent_[node] != node) node = parent_[node] = parent_[parent_[node]];
  return node;
}

/// Makes groups of the nodes that have the same level and fit together.
void TileGroups::join() {
  parent_.assign(level_.size(), none);
  group_.assign(level_.size(), none);
  for (const std::uint32_t node : nodes_.nodes()) {
    if (!nodes_.is_row_wise(node)) continue;
    parent_[node] = node;
    if (nodes_.sums_rows(node)) continue;
    for (std::size_t i = 0; i < graph_.operands_of(node).size(); ++i)
      if (joins(node, i)) parent_[root(graph_.operands_of(node)[i].node)] = node;
  }
}

/// Lets groups end in sums over their rows, if these divide the rows alike.
void TileGroups::join_sums() {
  std::unordered_map<std::uint32_t, std::int64_t> rows_of_chunk;  // by root
  for (const std::uint32_t node : nodes_.nodes()) {
    if (!nodes_.is_row_wise(node) || !nodes_.sums_rows(node) || !joins(node, 0)) continue;
    const std::uint32_t group = root(graph_.operands_of(node)[0].node);
    const std::int64_t rows = nodes_.chunks(node).rows;
    if (rows_of_chunk.try_emplace(group, rows).first->second == rows) parent_[node] = group;
  }
}

void TileGroups::number_groups() {
  std::vector<std::uint32_t> sizes(level_.size());
  for (const std::uint32_t node : nodes_.nodes())
    if (parent_[node] != none) ++sizes[root(node)];
  std::vector<std::uint32_t> number(level_.size(), none);
  for (const std::uint32_t node : nodes_.nodes()) {
    if (parent_[node] == none || sizes[root(node)] < 2) continue;
    std::uint32_t& group = number[root(node)];
    if (group == none) {
      group = static_cast<std::uint32_t>(members_.size());
      members_.emplace_back();
      chunks_.emplace_back();
    }
    group_[node] = group;
    members_[group].push_back(node);
    if (!nodes_.sums_rows(node)) continue;
    RowNodes::Chunks& chunks = chunks_[group];
    chunks = {nodes_.chunks(node).rows, std::max(chunks.at_once, nodes_.chunks(node).at_once)};
  }
}

/// Adds cheap nodes to the groups that read their results.
void TileGroups::compute_again() {
  again_.resize(members_.size());
  for (std::uint32_t group = 0; group < members_.size(); ++group) {
    for (const std::uint32_t node : members_[group]) {
      const auto operands = graph_.operands_of(node);
      for (std::size_t i = 0; i < operands.size(); ++i)
        if (nodes_.fit(node, i) && group_[operands[i].node] != group &&
            nodes_.is_cheap(operands[i].node))
          again_[group].push_back(operands[i].node);
    }
    std::vector<std::uint32_t>& again = again_[group];
    std::sort(again.begin(), again.end());
    again.erase(std::unique(again.begin(), again.end()), again.end());
    members_[group].insert(members_[group].end(), again.begin(), again.end());
    std::sort(members_[group].begin(), members_[group].end());
  }
}

/// For a node that is computed by a group, or alone if there is none.
void TileGroups::store_operands(std::uint32_t node, std::uint32_t group) {
  for (const Edge& edge : graph_.operands_of(node))
    if (!edge.type_only && !computes(group, edge.node)) stored_[edge.node] |= result_bit(edge.port);
}

void TileGroups::find_stored() {
  stored_.assign(level_.size(), 0);
  for (const std::uint32_t node : nodes_.nodes()) {
    if (!nodes_.is_read(node)) continue;
    stored_[node] |= nodes_.requested(node);
    store_operands(node, group_[node]);
  }
  for (std::uint32_t group = 0; group < again_.size(); ++group)
    if (!members_[group].empty() && group_[members_[group].back()] == group)
      for (const std::uint32_t node : again_[group]) store_operands(node, group);
}

/// Removes nodes from their groups that only other groups need, which compute them again.
void TileGroups::drop_unused() {
  for (std::uint32_t group = 0; group < members_.size(); ++group) {
    std::vector<std::uint32_t>& members = members_[group];
    std::vector<std::uint32_t> needed;
    std::unordered_set<std::uint32_t> operands;
    for (auto at = members.rbegin(); at != members.rend(); ++at) {
      if (group_[*at] == group && stored_[*at] == 0 && !operands.contains(*at)) {
        group_[*at] = none;
        continue;
      }
      needed.push_back(*at);
      for (const Edge& edge : graph_.operands_of(*at)) operands.insert(edge.node);
    }
    members.assign(needed.rbegin(), needed.rend());
  }
}

void TileGroups::keep_worthwhile() {
  for (std::uint32_t group = 0; group < members_.size(); ++group) {
    tile_rows_.push_back(TileSize(graph_, nodes_, *this, group).rows());
    if (tile_rows_.back() > 0) continue;
    for (const std::uint32_t node : members_[group])
      if (group_[node] == group) group_[node] = none;
  }
}

}  // namespace dagrad::detail
