#pragma once

#include <cstdint>
#include <vector>

#include "src/pictures/scope_tree.hpp"

namespace dagrad::detail {

/// The level of detail by scope, as the options ask for it.
std::vector<Detail> details_of(const ScopeTree& tree, const PictureOptions& options);

/// How many nodes a picture has for a scope: those directly in it if it is open, and one for each
/// part and order in which it occurs if it is closed. By scope.
struct ScopeSizes {
  std::vector<std::size_t> open, closed;
  std::vector<std::size_t> within;  ///< number of nodes of the graph
};

/// Decides which scopes are open.
void close_scopes(ScopeTree& tree, const std::vector<Detail>& details, const ScopeSizes& sizes,
                  const PictureOptions& options);

}  // namespace dagrad::detail
