#pragma once

#include <cstdint>
#include <vector>

#include "src/pictures/scope_tree.hpp"

namespace dagrad::detail {

/// Finds scopes of one outer scope that are equal but for their parameters: the same ops with the
/// same types and numbers, connected in the same way; updates of parameters may differ in types.
/// Notes in the tree that they are drawn as the
/// first of them. Returns the node that each node is drawn as, which is itself unless its scope is
/// drawn as another one.
std::vector<std::uint32_t> join_repeats(const Graph& graph, const ShownNodes& selection,
                                        const std::vector<Role>& roles,
                                        const PictureOptions& options, ScopeTree& tree);

}  // namespace dagrad::detail
