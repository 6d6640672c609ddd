#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/detail/edges.hpp"
#include "dagrad/graph.hpp"
#include "src/graph/access.hpp"
#include "src/graph/interned.hpp"
#include "src/graph/names.hpp"

namespace dagrad::detail {

inline constexpr std::uint32_t no_node = 0xffffffff;

/// What a graph stores of a result: the index of its type, and its extent.
struct Result {
  std::uint32_t type, extent;
};

/// The types of a node's results, read where the graph keeps them.
class ResultTypes {
 public:
  ResultTypes(const Segments<Result>& results, std::uint32_t first, std::uint32_t size,
              const Types& types)
      : results_(results), first_(first), size_(size), types_(types) {}
  std::uint32_t size() const { return size_; }
  const Type& operator[](std::size_t port) const { return types_[results_[first_ + port].type]; }

 private:
  const Segments<Result>& results_;
  std::uint32_t first_, size_;
  const Types& types_;
};

/// An input of a graph that a rewrite made, and a value of an older graph that it stands for.
struct InputAlias {
  ControlPtr graph;
  std::uint32_t node, port;
  std::uint32_t input;
};

/// A graph as the rooms outside src/graph see it.
class GraphView {
 public:
  explicit GraphView(const GraphData& data) : data_(&data) {}
  explicit GraphView(const Graph& graph) : data_(&Access::data(graph)) {}

  std::uint32_t size() const;
  NodeKind kind(std::uint32_t node) const;
  const Op& op(std::uint32_t node) const;
  /// Index of the node's op among the distinct ops of the graph.
  std::uint32_t op_index(std::uint32_t node) const;
  std::span<const Edge> operands(std::uint32_t node) const;
  ResultTypes results(std::uint32_t node) const;
  const Type& type(const Edge& edge) const;
  /// Index of a value's type among the distinct types of the graph.
  std::uint32_t type_index(const Edge& edge) const;
  /// Operand types of a node, in `out`, and its result types.
  void operand_types(std::uint32_t node, std::vector<Type>& out) const;
  void result_types(std::uint32_t node, std::vector<Type>& out) const;
  const Tensor& tensor(std::uint32_t node) const;
  std::string name(std::uint32_t node) const;
  Names::Parts name_parts(std::uint32_t node) const;
  std::string stem_text(std::uint64_t stem) const;
  /// Whether a rewrite made the node of others than itself.
  bool has_origins(std::uint32_t node) const;
  /// The name of the node in the graph that the user has built: of what a rewrite made, the first
  /// of its origins.
  std::string user_name(std::uint32_t node) const;
  std::span<const InputAlias> input_aliases() const;
  Location where(std::uint32_t node) const;
  int gradient_order(std::uint32_t node) const;
  /// Whether two values have the same shape in every replay, as far as is known.
  bool same_extent(const Edge& a, const Edge& b) const;
  Value value(std::uint32_t node, std::uint32_t port = 0) const;

 private:
  const GraphData* data_;
};

/// Numbers for some nodes of a graph, so that tables of them need not be as large as the graph. The
/// numbers are kept in the graph: one set of them at a time.
class NodeNumbers {
 public:
  explicit NodeNumbers(GraphData& graph) : graph_(graph) {}
  bool has(std::uint32_t node) const;
  /// False where the node has a number already.
  bool add(std::uint32_t node);
  /// Numbers the nodes anew, in the order of their ids.
  void sort();
  std::uint32_t of(std::uint32_t node) const;                         ///< of a node that has one
  const std::vector<std::uint32_t>& nodes() const { return nodes_; }  ///< by number

 private:
  GraphData& graph_;
  std::vector<std::uint32_t> nodes_;
};

/// Text for errors about a node: "node 'hidden', made at model.cpp:41".
std::string place(const GraphView& graph, std::uint32_t node);

/// What a node is given beside its op and operands.
struct Making {
  std::uint32_t scope = 0;
  std::uint32_t forward = no_node;  ///< the node that it differentiates
  std::uint16_t order = 0;          ///< of differentiation
  Location where = {};              ///< line 0: that of the call which makes it
  std::string_view builder = {};    ///< whose name errors begin with; empty: the op's
  std::uint32_t ordinal = no_node;  ///< of its automatic name; by default the next
};
/// As a node of a forward node's gradient, in its scope and at its place.
Making in_gradient_of(const GraphData& graph, std::uint32_t node, int order);

/// While it lives, the nodes of a graph are made so.
class MadeAs {
 public:
  MadeAs(GraphData& graph, const Making& making);
  MadeAs(const MadeAs&) = delete;
  MadeAs& operator=(const MadeAs&) = delete;
  ~MadeAs();

 private:
  GraphData& graph_;
  Making outer_;
};

}  // namespace dagrad::detail
