#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>

#include "src/passes/row_nodes.hpp"

namespace dagrad::detail {

class TileGroups;

/// How many rows of a group of nodes a tile has: as many as fit into the second-level cache with
/// all that lies between the nodes.
class TileSize {
 public:
  TileSize(const GraphData& graph, const RowNodes& nodes, const TileGroups& groups,
           std::uint32_t group);

  /// 0 if the group is better computed node by node, because it moves little less memory in tiles.
  std::int64_t rows() const;

 private:
  /// A value that the nodes read or make.
  struct Use {
    std::size_t bytes = 0;
    bool by_row = true;
    bool outside = true;  ///< whether it is made or used by other nodes
    std::uint32_t first = 0, last = 0;
    bool whole = false;  ///< whether each tile reads all of it
  };
  using Key = std::uint64_t;  // node and port of a value

  void add(std::uint32_t step);
  Use& read(std::uint32_t node, std::size_t operand, std::uint32_t step);
  std::size_t most_alive() const;

  const GraphData& graph_;
  const RowNodes& nodes_;
  const TileGroups& groups_;
  const std::uint32_t group_;
  const std::span<const std::uint32_t> members_;
  std::unordered_map<Key, Use> uses_;
  std::unordered_map<Key, Key> alias_of_;  ///< values that lie in the memory of others
  std::size_t moved_by_nodes_ = 0;         ///< bytes that the nodes read and write, one by one
  std::int64_t least_rows_ = 1;            ///< for which products are efficient
  bool divisible_ = true;
};

}  // namespace dagrad::detail
