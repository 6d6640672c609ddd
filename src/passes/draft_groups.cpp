#include "src/passes/draft_groups.hpp"

#include <algorithm>
#include <utility>

#include "src/passes/limits.hpp"

namespace dagrad::detail {

namespace {

/// Most groups read no more, so their list does not grow.
constexpr std::size_t few_operands = 8;
/// The limit for groups that have no edge between them and only read the same values.
constexpr std::size_t most_operands_of_neighbours = 12;

std::uint64_t key_of(const Edge& edge) { return std::uint64_t{edge.node} << 32 | edge.port; }
std::uint32_t node_of(std::uint64_t key) { return static_cast<std::uint32_t>(key >> 32); }
std::uint32_t port_of(std::uint64_t key) { return static_cast<std::uint32_t>(key); }

}  // namespace

DraftGroups::DraftGroups(const GraphData& graph, const FusibleNodes& nodes)
    : graph_(graph), nodes_(nodes) {
  find_levels();
  raise_levels();
  count_results();
  parent_.assign(level_.size(), none);
  reader_.assign(level_.size(), none);
  draft_of_.assign(level_.size(), none);
  for (const std::uint32_t node : nodes_.nodes())
    if (nodes_.kind(node) == FusibleNodes::Kind::elementwise) join(node);
}

// ---- levels

void DraftGroups::find_levels() {
  level_.assign(nodes_.nodes().empty() ? 0 : nodes_.nodes().back() + 1, 0);
  std::int32_t after_ordered = 0;
  for (const std::uint32_t node : nodes_.nodes()) {
    if (!nodes_.is_computed(node)) continue;
    std::int32_t& level = level_[node];
    nodes_.each_read(node, [&](const Edge& edge) {
      level = std::max(level, level_[edge.node] + distance(edge.node, node));
    });
    if (!nodes_.is_ordered(node)) continue;
    level = std::max(level, after_ordered);
    after_ordered = level + 1;
  }
}

void DraftGroups::raise_levels() {
  std::vector<UserLevels> users(level_.size());
  std::int32_t before_ordered = UserLevels::unlimited;
  for (auto at = nodes_.nodes().rbegin(); at != nodes_.nodes().rend(); ++at) {
    const std::uint32_t node = *at;
    if (!nodes_.is_computed(node)) continue;
    if (nodes_.is_ordered(node)) {
      users[node].bound = std::min(users[node].bound, before_ordered);
      before_ordered = level_[node] - 1;
    } else {
      raise(node, users[node]);
    }
    nodes_.each_read(node, [&](const Edge& edge) {
      users[edge.node].add(level_[node] - distance(edge.node, node), nodes_.fit(edge.node, node));
    });
  }
}

void DraftGroups::raise(std::uint32_t node, const UserLevels& users) {
  if (users.bound == UserLevels::unlimited) return;
  if (nodes_.kind(node) == FusibleNodes::Kind::elementwise) {
    bool joins_operand = false;
    nodes_.each_read(
        node, [&](const Edge& edge) { joins_operand = joins_operand || joins(edge.node, node); });
    const bool is_inner = users.all_fit && !nodes_.is_requested(node);
    if (!is_inner && (joins_operand || !users.fit_at_bound)) return;
  }
  level_[node] = users.bound;
}

// ---- groups

/// Counts the results that are used beyond the level of their node, and so must be stored.
void DraftGroups::count_results() {
  results_.assign(level_.size(), 0);
  const auto store = [&](std::uint32_t node) { results_[node] = graph_.types_of(node).size(); };
  for (const std::uint32_t node : nodes_.nodes()) {
    if (!nodes_.is_computed(node)) continue;
    if (nodes_.is_requested(node)) store(node);
    nodes_.each_read(node, [&](const Edge& edge) {
      if (!joins(edge.node, node)) store(edge.node);
    });
  }
}

std::uint32_t DraftGroups::root(std::uint32_t node) {
  while (parent_[node] != node) node = parent_[node] = parent_[parent_[node]];
  return node;
}

/// Puts a node into the group of the operands that it can be joined with. If that would become too
/// large, the node begins a group of the next part.
void DraftGroups::join(std::uint32_t node) {
  const std::int32_t part = add_draft(node).part;
  std::erase_if(roots_, [&](std::uint32_t each) {
    if (each != node) move_to_reader(each, part);
    return root_draft(each).part != part;
  });
  if (!merge_roots(loop_limits(nodes_.elements(node)).operands)) {
    ++root_draft(node).part;
    for (const std::uint32_t each : roots_)
      if (each != node) ++root_draft(each).results;
  }
  join_neighbours(node);
}

/// Makes a group of one node, in the part of the operands that it can be joined with. It and their
/// groups are then in `roots_`.
DraftGroups::Draft& DraftGroups::add_draft(std::uint32_t node) {
  if (spare_.empty()) {
    spare_.push_back(static_cast<std::uint32_t>(drafts_.size()));
    drafts_.emplace_back().operands.reserve(few_operands);
  }
  parent_[node] = node;
  draft_of_[node] = spare_.back();
  spare_.pop_back();
  Draft& own = root_draft(node);
  own.reset();
  own.first = node;
  own.weight = nodes_.weight(node);
  own.results = results_[node];
  if (!nodes_.is_flat(node)) own.shaped = node;
  roots_.assign(1, node);
  nodes_.each_read(node, [&](const Edge& edge) {
    if (joins(edge.node, node)) own.part = std::max(own.part, root_draft(add_root(edge.node)).part);
    const std::uint64_t key = key_of(edge);
    if (std::find(own.operands.begin(), own.operands.end(), key) == own.operands.end())
      own.operands.push_back(key);
  });
  return own;
}

/// A node that has begun a part belongs to that of its first reader, unless others have joined it.
void DraftGroups::move_to_reader(std::uint32_t root, std::int32_t part) {
  Draft& draft = root_draft(root);
  if (draft.may_move) draft.part = part;
  draft.may_move = false;
}

/// Joins a node with others that read the same elements.
void DraftGroups::join_neighbours(std::uint32_t node) {
  nodes_.each_read(node, [&](const Edge& edge) {
    if (nodes_.elements(edge) != nodes_.elements(node)) return;
    const std::uint32_t neighbour = std::exchange(reader_[edge.node], node);
    if (neighbour == none || !joins(neighbour, node)) return;
    const std::uint32_t own = root(node), other = root(neighbour);
    if (own == other || root_draft(own).part != root_draft(other).part) return;
    roots_.assign({own, other});
    merge_roots(most_operands_of_neighbours);
  });
}

std::uint32_t DraftGroups::add_root(std::uint32_t node) {
  const std::uint32_t of = root(node);
  if (std::find(roots_.begin(), roots_.end(), of) == roots_.end()) roots_.push_back(of);
  return of;
}

bool DraftGroups::is_large(std::uint32_t node) const {
  return nodes_.elements(node) >= LoopLimits::large_result;
}

/// Makes one group of those with these roots, unless it would become too large or would have nodes
/// of different shapes that are not flat. The one with the most operands takes in the others.
bool DraftGroups::merge_roots(std::size_t limit) {
  if (roots_.size() == 1) return true;
  std::uint32_t first = none, shaped = none, weight = 0, results = 0;
  std::uint32_t largest = roots_[0];
  for (const std::uint32_t each : roots_) {
    const Draft& part = root_draft(each);
    if (!add_shape(shaped, part)) return false;
    first = std::min(first, part.first);
    weight += part.weight;
    results += part.results;
    if (part.operands.size() > root_draft(largest).operands.size()) largest = each;
  }
  const LoopLimits limits = loop_limits(nodes_.elements(roots_[0]));
  if (weight > limits.weight || results > limits.results) return false;
  if (!merge_operands(largest, limit, is_large(roots_[0]))) return false;
  Draft& whole = root_draft(largest);
  whole.first = first;
  whole.shaped = shaped;
  whole.weight = weight;
  whole.results = results;
  whole.may_move = false;
  const std::uint32_t place = draft_of_[largest];
  for (const std::uint32_t each : roots_) {
    if (each != largest) spare_.push_back(draft_of_[each]);
    parent_[each] = roots_.back();
  }
  draft_of_[roots_.back()] = place;
  return true;
}

/// Replaces the operands of the largest of the groups that are merged with what all of them read
/// from outside, unless that is too much.
bool DraftGroups::merge_operands(std::uint32_t largest, std::size_t limit, bool large) {
  std::uint32_t first = none;  // node of the others
  for (const std::uint32_t each : roots_)
    if (each != largest) first = std::min(first, root_draft(each).first);
  const auto is_inner = [&](std::uint64_t key) {
    const std::uint32_t node = node_of(key);
    return parent_[node] != none &&
           std::find(roots_.begin(), roots_.end(), root(node)) != roots_.end();
  };
  const auto is_outer = [&](std::uint64_t key) { return node_of(key) < first || !is_inner(key); };
  std::vector<std::uint64_t>& all = root_draft(largest).operands;
  const auto kept = static_cast<std::size_t>(std::ranges::count_if(all, is_outer));
  more_.clear();
  for (const std::uint32_t each : roots_) {
    if (each == largest) continue;
    for (const std::uint64_t key : root_draft(each).operands)
      if (!is_inner(key) && std::find(all.begin(), all.end(), key) == all.end() &&
          std::find(more_.begin(), more_.end(), key) == more_.end())
        more_.push_back(key);
  }
  if (kept + more_.size() > limit) return false;
  const auto is_whole = [&](std::uint64_t key) {
    return nodes_.elements(Edge(node_of(key), port_of(key), false)) >= nodes_.elements(largest);
  };
  if (large) {
    const auto whole = std::ranges::count_if(more_, is_whole) +
                       std::ranges::count_if(
                           all, [&](std::uint64_t key) { return is_whole(key) && is_outer(key); });
    if (static_cast<std::size_t>(whole) > LoopLimits().operands) return false;
  }
  if (kept < all.size()) std::erase_if(all, is_inner);
  all.insert(all.end(), more_.begin(), more_.end());
  return true;
}

/// Adds the shape of a group to that of others; returns false if they do not go together.
bool DraftGroups::add_shape(std::uint32_t& shaped, const Draft& part) const {
  if (part.shaped == none) return true;
  if (shaped == none) shaped = part.shaped;
  return nodes_.shape(shaped) == nodes_.shape(part.shaped);
}

DraftGroups::Numbered DraftGroups::numbered() && {
  std::vector<std::uint32_t> sizes(drafts_.size());
  for (const std::uint32_t node : nodes_.nodes())
    if (parent_[node] != none) ++sizes[draft_of_[root(node)]];
  Numbered groups{std::vector<std::uint32_t>(level_.size(), none), {0}, {}};
  std::vector<std::uint32_t> number(drafts_.size(), none);
  for (const std::uint32_t node : nodes_.nodes()) {
    if (parent_[node] == none) continue;
    const std::uint32_t of = draft_of_[root(node)];
    if (sizes[of] < 2) continue;
    if (number[of] == none) {
      number[of] = static_cast<std::uint32_t>(groups.first.size() - 1);
      groups.first.push_back(groups.first.back() + sizes[of]);
    }
    groups.group[node] = number[of];
  }
  groups.members.resize(groups.first.back());
  std::vector<std::uint32_t> next(groups.first.begin(), groups.first.end() - 1);
  for (const std::uint32_t node : nodes_.nodes())
    if (groups.group[node] != none) groups.members[next[groups.group[node]]++] = node;
  return groups;
}

}  // namespace dagrad::detail
