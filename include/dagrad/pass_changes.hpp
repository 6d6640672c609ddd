#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dagrad/passes.hpp"
#include "dagrad/picture.hpp"

/// What passes have changed, as a graph to draw.
namespace dagrad {

enum class PassChange : std::uint8_t {
  kept,
  fused,   ///< into one node with others: by `fuse` or `tile_rows`
  merged,  ///< with an equal node, which is used in its place
  added,
  removed,  ///< no longer needed, or replaced by other nodes
};

struct ChangedNode {
  std::string node;  ///< full name in `PassChanges::graph`
  PassChange change;
  /// The node of that graph that is used instead, if there is one; for a fused node the name of the
  /// one that computes it, which is the title of its group.
  std::string instead;
};

/// The graph that passes have made, together with the nodes that are not in it any more. These get
/// the values that they had, but nothing uses them. What has been fused is drawn as the nodes that
/// it was made of.
struct PassChanges {
  Graph graph;
  std::vector<ChangedNode> nodes;  ///< all of them, in order
  /// Marks the values as results, draws fused nodes in boxes, and says what was done to each node.
  /// Change them as you like, and draw the graph with them.
  PictureOptions options;

  std::size_t count(PassChange change) const;
};

/// Compares a graph with what passes have made of it, as far as `values` need it: a `PassResult` or
/// an `Optimized` gives `after` and `mapping`. Throws GraphError if a value belongs to another
/// graph than `before`, or has no counterpart.
PassChanges pass_changes(const Graph& before, ValueSpan values, const Graph& after,
                         const Mapping& mapping);

}  // namespace dagrad
