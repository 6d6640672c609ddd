#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dagrad/detail/edges.hpp"
#include "dagrad/detail/segments.hpp"
#include "dagrad/detail/table.hpp"
#include "src/graph/extents.hpp"
#include "src/graph/interned.hpp"
#include "src/graph/names.hpp"
#include "src/graph/parted_names.hpp"
#include "src/graph/shared_segments.hpp"
#include "src/graph/view.hpp"

namespace dagrad::detail {

/// The data of a graph. Per-node data lies in flat arrays in node order: `edges`, `records`,
/// `results` and the automatic names. Data that many nodes share is stored once, and nodes refer to
/// it by index.
struct GraphData {
  explicit GraphData(Control* owner) : control(owner) {}

  struct Record {
    std::uint32_t op;       ///< index in `ops`
    std::uint32_t forward;  ///< the forward node that it belongs to, or `no_node`
    std::uint32_t origin;   ///< index in `provenances` of provenance carried over from another
                            ///< graph, or `no_node`
    std::uint32_t tensor;   ///< index in `tensors` for constants and parameters, else `no_node`
    std::uint32_t file;     ///< index in `files` of the source file that made it
    std::int32_t line;
    std::uint32_t number;  ///< scratch space for NodeNumbers
    /// Of differentiation: 0 for forward nodes, 1 for their gradient, and so on.
    std::uint16_t order;
    NodeKind kind;
  };

  /// The type that an op inferred last for its only result. Types are indices in `types`.
  struct LastInferred {
    static constexpr std::size_t most_operands = 4;
    std::array<std::uint32_t, most_operands> in{};
    std::uint32_t operands = no_node;  ///< their number; `no_node` if nothing is known
    std::uint32_t result = 0;
  };

  Control* control;
  Edges edges;
  Segments<Record> records;
  /// By node: index in `results`; that of the next node is the end. Types are looked up so often
  /// that these lie apart, where more of them fit into the cache.
  Table<std::uint32_t> first_results;
  Table<Result> results;
  Names names;
  Types types;
  Interned<const char*> files;
  struct InternedOp {
    Op op;
    std::uint32_t name;      ///< index in `names`
    LastInferred last = {};  ///< for successive nodes, which mostly have operands of the same types
  };
  std::vector<InternedOp> ops;
  std::vector<Tensor> tensors;
  std::vector<std::uint32_t> inputs;  ///< the nodes that are, in order
  SharedSegments<Provenance> provenances;
  Extents extents;
  /// The nodes from which a rewrite made a node, unless that is the node itself: pairs sorted by
  /// node.
  struct OriginOf {
    std::uint32_t node, origin;  ///< index in `known_origins`
  };
  std::vector<OriginOf> origins_of;
  struct KnownOrigin {
    PartedNames::Name name;
    std::int32_t line;
    const char* file;
    Location where() const { return {file, line}; }
  };
  SharedSegments<KnownOrigin> known_origins;
  PartedNames origin_names;  ///< those of `known_origins`
  std::vector<InputAlias> input_aliases;
  std::vector<Differentiation> differentiations;
  std::vector<Cotangent> cotangents;

  /// A scope that has been opened: its number among all of them, and the scope to return to.
  struct OpenScope {
    std::uint64_t opening;
    std::uint32_t outer;
    bool closed = false;  ///< closed before a scope within it, and therefore still here
  };
  std::vector<OpenScope> open_scopes;
  std::uint64_t scope_openings = 0;
  Making making;                                                  ///< properties of the next node
  std::unordered_multimap<std::size_t, std::uint32_t> known_ops;  ///< hash to index in `ops`
  /// Address to index in `ops`.
  std::unordered_map<const OpInterface*, std::uint32_t> known_pointers;
  std::unordered_multimap<std::uint64_t, std::uint32_t> known_literals;  ///< bits to constant node
  std::vector<Type> operand_types, result_types;  ///< scratch space for `append`
  std::vector<Result> new_results;                ///< the same

  std::uint32_t size() const { return records.size(); }
  std::span<const Edge> operands_of(std::uint32_t node) const { return edges.operands(node); }
  ResultTypes types_of(std::uint32_t node) const {
    const std::uint32_t first = first_results[node];
    const std::uint32_t end = node + 1 < size() ? first_results[node + 1] : results.size();
    return {results, first, end - first, types};
  }
  const Result& result(const Edge& edge) const {
    return results[first_results[edge.node] + edge.port];
  }
  const Type& type(const Edge& edge) const { return types[result(edge).type]; }
  Location where(std::uint32_t node) const {
    return {files[records[node].file], records[node].line};
  }
  /// The origins of a node; none if it has no other than itself.
  std::span<const OriginOf> origins(std::uint32_t node) const {
    const auto by_node = [](const OriginOf& a, const OriginOf& b) { return a.node < b.node; };
    const auto [begin, end] =
        std::equal_range(origins_of.begin(), origins_of.end(), OriginOf{node, 0}, by_node);
    return {begin, end};
  }
  bool has_origins(std::uint32_t node) const { return !origins(node).empty(); }
  /// The source line to record for a node that a call on this line makes now.
  Location placed(Location call) const { return making.where.line > 0 ? making.where : call; }
  ControlPtr share() const {
    control->references.add();
    return ControlPtr(control);
  }

  /// Enters a scope within the current one; returns the number of its opening.
  std::uint64_t open_scope(std::string_view name);
  /// Closes that scope and returns to the innermost one that is still open.
  void close_scope(std::uint64_t opening) noexcept;
  /// The index of the op among the distinct ones. Throws ArgumentError if its name is malformed.
  std::uint32_t intern(Op op);
  /// Appends a node with the properties in `making`. `operands` must not point into this graph.
  /// Throws only if memory runs out, and then has added nothing.
  std::uint32_t add(std::uint32_t op, NodeKind kind, std::span<const Edge> operands,
                    std::span<const Result> results_of_node, Location call);
  /// Records of a rewritten graph which values of this one are derivatives. `find` gives the edge
  /// that stands for one of the other graph, or nothing.
  void copy_cotangents(const GraphData& from,
                       const std::function<std::optional<Edge>(const Edge&)>& find);
  /// Removes the newest nodes until `size` are left.
  void truncate(std::uint32_t size) noexcept;
};

/// Runs `make`, which appends to the graph; if it throws, removes what it has appended.
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

/// Adds an input, parameter or constant; `name` may be empty. The tensor is a copy because it may
/// be one of this graph, whose table grows.
Value add_leaf(GraphData& graph, NodeKind kind, const Type& type, std::string_view name,
               std::optional<Tensor> tensor, Location call);
/// The constant node for a literal of that dtype, which is made if there is none yet.
std::uint32_t literal_node(GraphData& graph, Literal literal, DType dtype, Location call);
/// Appends a node whose operands are known. `append` ends here, and rewrites use it.
std::uint32_t append_node(GraphData& graph, Op op, std::span<const Edge> operands, Location call);
/// The same for an interned op. The types of its results are in the graph's `new_results`.
std::uint32_t add_node(GraphData& graph, std::uint32_t op, std::span<const Edge> operands,
                       Location call);

}  // namespace dagrad::detail
