#include "src/pictures/scope_tree.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "dagrad/ops/structural.hpp"
#include "src/graph/data.hpp"

namespace dagrad::detail {

namespace {

/// Finds scopes by their parents and titles while the tree grows.
using Titles = std::map<std::pair<std::uint32_t, std::string>, std::uint32_t>;

std::uint32_t scope_within(std::vector<ScopeTree::Scope>& scopes, Titles& known,
                           std::uint32_t outer, const std::string& title) {
  const auto made = static_cast<std::uint32_t>(scopes.size());
  const auto [at, fresh] = known.try_emplace({outer, title}, made);
  if (!fresh) return at->second;
  const std::string& name = scopes[outer].name;
  scopes.push_back({.name = name.empty() ? title : name + "/" + title,
                    .title = title,
                    .parent = outer,
                    .depth = scopes[outer].depth + 1,
                    .drawn_as = made});
  scopes[outer].inner.push_back(made);
  return made;
}

std::uint32_t scope_named(std::vector<ScopeTree::Scope>& scopes, Titles& known, std::uint32_t root,
                          const std::string& name) {
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    root = scope_within(scopes, known, root, name.substr(begin, end - begin));
    begin = end + 1;
  }
  return root;
}

}  // namespace

ScopeTree::ScopeTree(const Graph& graph, const ShownNodes& selection,
                     const std::vector<Role>& roles, std::span<const Update> updates,
                     std::span<const PictureGroup> groups) {
  const GraphData& data = Access::data(graph);
  Titles titles;
  std::unordered_map<std::uint32_t, std::uint32_t> known[2];  // by scope of the graph
  of_.assign(data.size(), 0);
  for (std::uint32_t id = 0; id < data.size(); ++id) {
    if (roles[id] == Role::absent) continue;
    const bool updating = selection.part[id] == Part::update;
    if (updating && updates_ == none) {
      updates_ = size();
      scopes_.push_back({.title = "update", .depth = 1, .drawn_as = updates_});
      scopes_[0].inner.push_back(updates_);
    }
    const std::uint32_t scope = data.names.scope_of(id);
    const auto [at, fresh] = known[updating].try_emplace(scope, 0);
    if (fresh)
      at->second =
          scope_named(scopes_, titles, updating ? updates_ : 0, data.names.scope_text(scope));
    of_[id] = at->second;
    // The gradient pass makes the sum of a value's cotangents in the scope of that value. If all of
    // them come from one other scope, the sum is part of that one.
    if (selection.part[id] != Part::gradient || data.names.user_given(id) ||
        !data.ops[data.records[id].op].op.get_if<AddN>())
      continue;
    const auto operands = data.operands_of(id);
    std::uint32_t around = of_[operands[0].node];
    for (const Edge& edge : operands) around = common(around, of_[edge.node]);
    if (common(around, of_[id]) != around) of_[id] = around;
  }
  if (updates_ != none) group_by_parameter(graph, selection, roles, updates);
  if (!groups.empty()) add_groups(graph, roles, groups);
}

void ScopeTree::add_groups(const Graph& graph, const std::vector<Role>& roles,
                           std::span<const PictureGroup> groups) {
  std::unordered_map<std::string_view, std::size_t> group_of;
  for (std::size_t i = 0; i < groups.size(); ++i)
    for (const std::string& name : groups[i].nodes) group_of.try_emplace(name, i);
  std::vector<std::vector<std::uint32_t>> members(groups.size());
  const GraphView view(graph);
  for (std::uint32_t id = 0; id < view.size(); ++id)
    if (roles[id] != Role::absent)
      if (const auto at = group_of.find(view.name(id)); at != group_of.end())
        members[at->second].push_back(id);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (members[i].empty()) continue;
    std::uint32_t around = of_[members[i].front()];
    for (const std::uint32_t id : members[i]) around = common(around, of_[id]);
    const std::string& outer = scopes_[around].name;
    scopes_.push_back({.name = outer.empty() ? groups[i].title : outer + "/" + groups[i].title,
                       .title = groups[i].title,
                       .parent = around,
                       .depth = scopes_[around].depth + 1,
                       .drawn_as = size()});
    scopes_[around].inner.push_back(size() - 1);
    for (const std::uint32_t id : members[i]) of_[id] = size() - 1;
  }
}

void ScopeTree::group_by_parameter(const Graph& graph, const ShownNodes& selection,
                                   const std::vector<Role>& roles,
                                   std::span<const Update> updates) {
  const GraphData& data = Access::data(graph);
  constexpr std::uint32_t shared = none - 1;
  std::vector<std::uint32_t> owner(data.size(), none);  // index in `updates`
  for (std::uint32_t i = 0; i < updates.size(); ++i) {
    std::uint32_t& known = owner[updates[i].next.node_id()];
    if (known == none) known = i;
  }
  for (std::uint32_t id = data.size(); id-- > 0;) {
    if (roles[id] == Role::absent || selection.part[id] != Part::update) continue;
    for (const Edge& edge : data.operands_of(id)) {
      std::uint32_t& known = owner[edge.node];
      known = known == none || known == owner[id] ? owner[id] : shared;
    }
  }
  std::vector<std::uint32_t> scope_of(updates.size(), none);
  for (std::uint32_t id = 0; id < data.size(); ++id) {
    if (of_[id] != updates_ || selection.part[id] != Part::update || roles[id] == Role::absent ||
        owner[id] >= shared)
      continue;
    std::uint32_t& scope = scope_of[owner[id]];
    if (scope == none) {
      scope = size();
      scopes_.push_back({.title = updates[owner[id]].parameter.name(),
                         .parent = updates_,
                         .depth = 2,
                         .drawn_as = scope,
                         .of_parameter = true});
      scopes_[updates_].inner.push_back(scope);
    }
    of_[id] = scope;
  }
}

std::uint32_t ScopeTree::common(std::uint32_t a, std::uint32_t b) const {
  while (a != b) {
    std::uint32_t& deeper = scopes_[a].depth >= scopes_[b].depth ? a : b;
    deeper = scopes_[deeper].parent;
  }
  return a;
}

std::uint32_t ScopeTree::child(std::uint32_t outer, std::uint32_t scope) const {
  while (scope != outer && scopes_[scope].parent != outer) scope = scopes_[scope].parent;
  return scope;
}

}  // namespace dagrad::detail
