#include "src/pictures/closing.hpp"

#include <algorithm>
#include <optional>

#include "src/pictures/wildcard.hpp"

namespace dagrad::detail {

namespace {

constexpr std::uint32_t most_open = 100;  // Graphviz cannot read much deeper nesting

/// The level that an exception in the options gives to a scope itself.
std::optional<Detail> exception_for(const ScopeTree::Scope& scope, const PictureOptions& options) {
  const std::string& name = scope.name.empty() ? scope.title : scope.name;
  std::optional<Detail> detail;
  if (scope.of_parameter) return detail;
  for (const ScopeDetail& exception : options.scopes)
    if (fits(exception.scope, name)) detail = exception.detail;
  return detail;
}

/// Opens scopes one by one, outer ones and then large ones first, as long as the picture has no
/// more than `most` nodes.
void open_within(ScopeTree& tree, const ScopeSizes& sizes, std::size_t most,
                 const std::vector<bool>& decided) {
  const auto cost = [&](std::uint32_t scope) {
    std::size_t nodes = sizes.open[scope];
    for (const std::uint32_t inner : tree[scope].inner)
      if (tree[inner].drawn_as == inner) nodes += sizes.closed[inner];
    return nodes;
  };
  std::size_t nodes = cost(0);
  std::vector<std::uint32_t> level{0}, next;
  while (!level.empty()) {
    next.clear();
    for (const std::uint32_t outer : level)
      for (const std::uint32_t inner : tree[outer].inner)
        if (tree[inner].drawn_as == inner) next.push_back(inner);
    std::stable_sort(next.begin(), next.end(), [&](std::uint32_t a, std::uint32_t b) {
      return sizes.within[a] > sizes.within[b];
    });
    level.clear();
    for (const std::uint32_t scope : next) {
      const std::size_t opened = nodes - sizes.closed[scope] + cost(scope);
      if (!decided[scope]) tree[scope].open = opened <= most && tree[scope].depth <= most_open;
      if (!tree[scope].open) continue;
      nodes = opened;
      level.push_back(scope);
    }
  }
}

}  // namespace

std::vector<Detail> details_of(const ScopeTree& tree, const PictureOptions& options) {
  std::vector<Detail> details(tree.size(), options.detail);
  for (std::uint32_t scope = 1; scope < tree.size(); ++scope)
    details[scope] = exception_for(tree[scope], options).value_or(details[tree[scope].parent]);
  return details;
}

void close_scopes(ScopeTree& tree, const std::vector<Detail>& details, const ScopeSizes& sizes,
                  const PictureOptions& options) {
  const std::size_t open = std::min<std::size_t>(
      options.open_scopes.value_or(options.detail == Detail::blocks ? 0 : most_open), most_open);
  std::vector<bool> decided(tree.size());
  for (std::uint32_t scope = 1; scope < tree.size(); ++scope) {
    tree[scope].open = tree[scope].depth <= open || tree[scope].of_parameter;
    if (tree[scope].of_parameter) continue;
    const std::optional<Detail> exception = exception_for(tree[scope], options);
    if (!exception && details[tree[scope].parent] != options.detail) {
      tree[scope].open = details[scope] != Detail::blocks;  // as in the exception around it
    }
    if (!exception) continue;
    tree[scope].open = *exception != Detail::blocks;
    decided[scope] = true;
    if (tree[scope].open)
      for (std::uint32_t outer = tree[scope].parent; outer != 0; outer = tree[outer].parent)
        tree[outer].open = decided[outer] = true;
  }
  if (options.most_nodes) open_within(tree, sizes, *options.most_nodes, decided);
  for (std::uint32_t scope = 1; scope < tree.size(); ++scope)
    if (tree[scope].depth > most_open) tree[scope].open = false;
}

}  // namespace dagrad::detail
