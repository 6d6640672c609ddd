#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "dagrad/graph.hpp"
#include "dagrad/kernels/sums.hpp"

namespace dagrad::detail {

/// The graph of a `Tiled`: it computes some rows of results from the same rows of operands.
struct TileGraph {
  struct Operand {
    Value input;
    bool by_row = false;  ///< whether a tile reads only its own rows, or all elements
  };

  struct Result {
    Value value;  ///< the rows of the result, or what it sums
    std::optional<kernels::SummedAxes> sum;
    Type of_sum{};
  };

  /// Whether results are sums over rows. They depend on how rows are divided into chunks, so that
  /// the number of rows is fixed.
  bool sums_rows() const {
    return std::ranges::any_of(results, [](const Result& r) { return r.sum.has_value(); });
  }

  Graph graph;
  std::int64_t rows = 0;      ///< the number of rows for which the graph is made
  std::int64_t all_rows = 0;  ///< of all tiles together
  std::vector<Operand> operands;
  std::vector<Operand> types;  ///< inputs of which only the type is used
  std::vector<Result> results;
};

/// The type of these rows of a value.
Type type_of_rows(const Type& type, std::int64_t rows);
/// The same graph for another number of rows.
TileGraph for_rows(const TileGraph& tile, std::int64_t rows);

}  // namespace dagrad::detail
