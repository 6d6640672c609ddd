#pragma once

#include <cstdint>
#include <vector>

#include "dagrad/graph.hpp"

namespace dagrad::detail {

/// The graph of a `Tiled`: it computes some rows of results from the same rows of operands.
struct TileGraph {
  struct Operand {
    Value input;
    bool by_row = false;  ///< whether a tile reads only its own rows, or all elements
  };

  Graph graph;
  std::int64_t rows = 0;      ///< the number of rows for which the graph is made
  std::int64_t all_rows = 0;  ///< of the results, if no operand is read by row
  std::vector<Operand> operands;
  std::vector<Operand> types;  ///< inputs of which only the type is used
  std::vector<Value> results;
};

/// The type of these rows of a value.
Type type_of_rows(const Type& type, std::int64_t rows);
/// The same graph for another number of rows.
TileGraph for_rows(const TileGraph& tile, std::int64_t rows);

}  // namespace dagrad::detail
