#include "src/passes/tile_graph.hpp"

#include <utility>

#include "dagrad/rewrite.hpp"

namespace dagrad::detail {

Type type_of_rows(const Type& type, std::int64_t rows) {
  std::vector<std::int64_t> dims(type.shape.begin(), type.shape.end());
  dims.at(0) = rows;
  return {type.dtype, Shape(dims)};
}

TileGraph for_rows(const TileGraph& tile, std::int64_t rows) {
  std::vector<Retyped> types;
  for (const auto* const leaves : {&tile.operands, &tile.types})
    for (const TileGraph::Operand& leaf : *leaves)
      if (leaf.by_row) types.push_back({leaf.input, type_of_rows(leaf.input.type(), rows)});
  Rewritten made = replay(tile.graph, types);
  TileGraph result;
  result.rows = rows;
  result.all_rows = tile.all_rows;
  for (const TileGraph::Operand& leaf : tile.operands)
    result.operands.push_back({made.mapping(leaf.input), leaf.by_row});
  for (const TileGraph::Operand& leaf : tile.types)
    result.types.push_back({made.mapping(leaf.input), leaf.by_row});
  for (TileGraph::Result each : tile.results) {
    each.value = made.mapping(each.value);
    result.results.push_back(each);
  }
  result.graph = std::move(made.graph);
  return result;
}

}  // namespace dagrad::detail
