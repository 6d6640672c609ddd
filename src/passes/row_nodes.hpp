#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "dagrad/kernels/sums.hpp"
#include "src/graph/data.hpp"

namespace dagrad::detail {

/// What tiling must know about the nodes that some values need.
class RowNodes {
 public:
  /// Throws GraphError if a value belongs to another graph.
  RowNodes(const GraphData& graph, std::span<const Value> values);

  /// Whether the graph has values so large that tiles may pay off.
  static bool have_large_values(const GraphData& graph);
  static bool is_large(const Type& type);

  /// The nodes that the values need, operands first.
  const std::vector<std::uint32_t>& nodes() const { return nodes_; }
  /// Whether elements of its results are needed, not just their types.
  bool is_read(std::uint32_t node) const { return facts_[node].read; }
  /// Whether its results are among the values.
  bool is_requested(std::uint32_t node) const { return facts_[node].requested != 0; }
  /// The bits of those results.
  std::uint32_t requested(std::uint32_t node) const { return facts_[node].requested; }
  bool is_ordered(std::uint32_t node) const {
    return graph_.records[node].kind == NodeKind::op &&
           graph_.ops[graph_.records[node].op].op.traits().ordered;
  }
  /// Whether the node may be computed for some rows at a time, and has large values.
  bool is_row_wise(std::uint32_t node) const { return facts_[node].by_row != 0; }
  /// Whether it reads operand i row by row.
  bool reads_by_row(std::uint32_t node, std::size_t i) const {
    return i < 32 && (facts_[node].by_row >> i & 1U) != 0;
  }
  /// Whether it is row-wise because it sums what it reads over all rows, so that its results have
  /// no rows.
  bool sums_rows(std::uint32_t node) const { return sums_.contains(node); }
  const kernels::SummedAxes& summed_axes(std::uint32_t node) const { return sums_.at(node).what; }
  /// How such a sum divides the rows: those of a chunk, and of how many it adds a multiple best.
  struct Chunks {
    std::int64_t rows = 0, at_once = 1;
  };
  const Chunks& chunks(std::uint32_t node) const { return sums_.at(node).chunks; }
  /// The rows of a node that is computed row by row.
  std::int64_t rows(std::uint32_t node) const {
    if (sums_rows(node)) return graph_.type(graph_.operands_of(node)[0]).shape[0];
    return graph_.types_of(node)[0].shape[0];
  }
  /// Whether it makes many elements of few with little arithmetic, so that computing it again is
  /// faster than storing and reading its result.
  bool is_cheap(std::uint32_t node) const;
  /// Whether operand i of a node can be computed together with it.
  bool fit(std::uint32_t node, std::size_t i) const {
    const Edge& edge = graph_.operands_of(node)[i];
    return !edge.type_only && reads_by_row(node, i) && is_row_wise(edge.node) &&
           !sums_rows(edge.node) && rows(edge.node) == rows(node);
  }

 private:
  struct Facts {
    bool read = false;
    std::uint32_t requested = 0;  ///< a bit for each result
    std::uint32_t by_row = 0;     ///< the operands that are read row by row
  };
  struct SumOverRows {
    kernels::SummedAxes what;
    Chunks chunks;
  };

  void mark_read();
  bool takes_known(std::uint32_t node) const;
  std::uint32_t by_row(std::uint32_t node);
  bool find_sum(std::uint32_t node);

  const GraphData& graph_;
  std::vector<std::uint32_t> nodes_;
  std::vector<Facts> facts_;  ///< by node
  std::unordered_map<std::uint32_t, SumOverRows> sums_;
  std::vector<Type> in_;
};

/// The op, or one in its place that does the same for any number of rows: a reshape to a given
/// shape counts the rows itself.
Op for_any_rows(const Op& op, std::span<const Type> in);

}  // namespace dagrad::detail
