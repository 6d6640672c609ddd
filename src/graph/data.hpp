#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dagrad/detail/edges.hpp"
#include "src/graph/extents.hpp"
#include "src/graph/interned.hpp"
#include "src/graph/names.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// Everything of a graph. What there is of every node lies in flat arrays, in node order: `edges`,
/// `records`, `results` and the automatic names. What many nodes share is stored once, and a node
/// has its index.
struct GraphData {
  explicit GraphData(Control* owner) : control(owner) {}

  struct Record {
    std::uint32_t op;            ///< in `ops`
    std::uint32_t first_result;  ///< in `results`; the next record's is the end
    std::uint32_t forward;       ///< forward node it differentiates, or `no_node`
    std::uint32_t
        origin;  ///< in `origins`: provenance carried over from another graph, or `no_node`
    std::uint32_t tensor;  ///< in `tensors`, of constants and parameters, or `no_node`
    std::uint32_t file;    ///< in `files`: where it was made
    std::int32_t line;
    std::uint32_t number;  ///< scratch of NodeNumbers
    std::uint16_t order;   ///< of differentiation: 0 forward, 1 in its gradient, …
    NodeKind kind;
  };

  Control* control;
  Edges edges;
  Segments<Record> records;
  Segments<Result> results;
  Names names;
  Types types;
  Interned<const char*> files;
  struct InternedOp {
    Op op;
    std::uint32_t name;  ///< in `names`
  };
  std::vector<InternedOp> ops;
  std::vector<Tensor> tensors;
  std::vector<std::uint32_t> inputs;  ///< the nodes that are, in order
  std::vector<Provenance> origins;
  Extents extents;
  /// Where a rewrite made the node of others than itself: pairs sorted by node.
  struct OriginOf {
    std::uint32_t node, origin;  ///< in `known_origins`
  };
  std::vector<OriginOf> origins_of;
  std::vector<Origin> known_origins;
  std::vector<InputAlias> input_aliases;

  /// A scope that is open: its number among those that were, and the one to go back to.
  struct OpenScope {
    std::uint64_t opening;
    std::uint32_t outer;
    bool closed = false;  ///< before one within it, and so still here
  };
  std::vector<OpenScope> open_scopes;
  std::uint64_t scope_openings = 0;
  Making making;                                                  ///< what the next node is given
  std::unordered_multimap<std::size_t, std::uint32_t> known_ops;  ///< hash → in `ops`
  std::unordered_map<const OpInterface*, std::uint32_t> known_pointers;  ///< the same by address
  std::unordered_multimap<std::uint64_t, std::uint32_t> known_literals;  ///< bits → constant node
  std::vector<Type> operand_types, result_types;                         ///< scratch of `append`
  std::vector<Result> new_results;                                       ///< the same

  std::uint32_t size() const { return records.size(); }
  std::span<const Edge> operands_of(std::uint32_t node) const { return edges.operands(node); }
  ResultTypes types_of(std::uint32_t node) const {
    const std::uint32_t first = records[node].first_result;
    const std::uint32_t end = node + 1 < size() ? records[node + 1].first_result : results.size();
    return {results, first, end - first, types};
  }
  const Result& result(const Edge& edge) const {
    return results[records[edge.node].first_result + edge.port];
  }
  const Type& type(const Edge& edge) const { return types[result(edge).type]; }
  Location where(std::uint32_t node) const {
    return {files[records[node].file], records[node].line};
  }
  bool has_origins(std::uint32_t node) const {
    return std::binary_search(origins_of.begin(), origins_of.end(), OriginOf{node, 0},
                              [](const OriginOf& a, const OriginOf& b) { return a.node < b.node; });
  }
  /// The place of a node that is made now by a call on that line.
  Location placed(Location call) const { return making.where.line > 0 ? making.where : call; }
  ControlPtr share() const {
    control->references.fetch_add(1, std::memory_order_relaxed);
    return ControlPtr(control);
  }

  /// Makes a scope within the current one the current one; gives the number of its opening.
  std::uint64_t open_scope(std::string_view name);
  /// Goes back to the innermost scope that is still open.
  void close_scope(std::uint64_t opening) noexcept;
  /// The index of the op among the distinct ones. Throws ArgumentError for a bad name.
  std::uint32_t intern(Op op);
  /// Appends a node as `making` says. The operands lie elsewhere than in this graph. Throws only
  /// for lack of memory, and then has added nothing.
  std::uint32_t add(std::uint32_t op, NodeKind kind, std::span<const Edge> operands,
                    std::span<const Result> results_of_node, Location call);
  /// Removes the newest nodes until `size` are left.
  void truncate(std::uint32_t size) noexcept;
};

/// Runs `make`, which appends to the graph; where it throws, what it has appended goes again.
template <class F>
auto all_or_nothing(GraphData& graph, F&& make) {
  const std::uint32_t size = graph.size();
  try {
    return make();
  } catch (...) {
    graph.truncate(size);
    throw;
  }
}

/// Adds an input, parameter or constant, with a name where there is one.
Value add_leaf(GraphData& graph, NodeKind kind, const Type& type, std::string_view name,
               const Tensor* tensor, Location call);
/// The constant node of a literal of that dtype, made where there is none yet.
std::uint32_t literal_node(GraphData& graph, Literal literal, DType dtype, Location call);
/// Appends a node to a graph with its operands known: what `append` ends in, and what rewrites use.
std::uint32_t append_node(GraphData& graph, Op op, std::span<const Edge> operands, Location call);
/// The same for an op that is interned, whose results have the graph's `result_types`.
std::uint32_t add_node(GraphData& graph, std::uint32_t op, std::span<const Edge> operands,
                       Location call);

}  // namespace dagrad::detail
