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
#include "src/graph/parted_names.hpp"

namespace dagrad::detail {

inline constexpr std::uint32_t no_node = 0xffffffff;

/// What a graph stores about a result: the index of its type, and its extent.
struct Result {
  std::uint32_t type, extent;
};

/// The types of a node's results, read from the graph's storage.
class ResultTypes {
 public:
  ResultTypes(const Table<Result>& results, std::uint32_t first, std::uint32_t size,
              const Types& types)
      : results_(results), first_(first), size_(size), types_(types) {}
  std::uint32_t size() const { return size_; }
  const Type& operator[](std::size_t port) const { return types_[results_[first_ + port].type]; }

 private:
  const Table<Result>& results_;
  std::uint32_t first_, size_;
  const Types& types_;
};

/// An input of a rewritten graph, and the value of an older graph that it stands for.
struct InputAlias {
  ControlPtr graph;
  std::uint32_t node, port;
  std::uint32_t input;
};

/// What a call of `gradient` differentiated.
struct Differentiation {
  Edge y;
  bool seeded = false;  ///< whether it is a sum over several ys, or was begun with given seeds
};

/// A value that is the derivative with respect to x, as a call of `gradient` has found it.
struct Cotangent {
  Cotangent(Edge derivative, Edge of_x, std::uint32_t of_call, bool is_asked)
      : value(derivative), x(of_x), call(of_call & 0x7fffffff), asked(is_asked) {}
  Edge value, x;
  std::uint32_t call : 31;  ///< index of what it differentiated
  bool asked : 1;           ///< whether x is one of those that the user asked for
};

/// The interface of a graph for the sources outside src/graph.
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
  /// Store the operand types or the result types of a node in `out`.
  void operand_types(std::uint32_t node, std::vector<Type>& out) const;
  void result_types(std::uint32_t node, std::vector<Type>& out) const;
  const Tensor& tensor(std::uint32_t node) const;
  std::string name(std::uint32_t node) const;
  /// Takes over names of this graph into an empty table, which also gets those of the nodes from
  /// which its nodes were made.
  PartedNames::Reader name_reader(PartedNames& to) const;
  /// Whether a rewrite made the node from other nodes than itself.
  bool has_origins(std::uint32_t node) const;
  /// How many origins all nodes have that were made from others.
  std::size_t origins() const;
  /// The names of the nodes from which the node was made, or its own.
  void origin_names(std::uint32_t node, PartedNames::Reader& reader,
                    std::vector<PartedNames::Name>& out) const;
  /// The nodes of the user's graph from which the node was made, or the node itself.
  std::vector<Origin> origins(std::uint32_t node) const;
  std::span<const std::uint32_t> inputs() const;  ///< the nodes that are, in order
  std::span<const InputAlias> input_aliases() const;
  std::span<const Cotangent> cotangents() const;  ///< in the order of the calls of `gradient`
  const Differentiation& differentiation(const Cotangent& cotangent) const;
  Location where(std::uint32_t node) const;
  int gradient_order(std::uint32_t node) const;
  /// Whether two values are known to have the same shape in every replay.
  bool same_extent(const Edge& a, const Edge& b) const;
  Value value(std::uint32_t node, std::uint32_t port = 0) const;
  ControlPtr control() const;  ///< identifies the graph

 private:
  const GraphData* data_;
};

/// Numbers some nodes of a graph, so that tables about them need not be as large as the graph. The
/// numbers are stored in the graph, which holds one set of them at a time.
class NodeNumbers {
 public:
  explicit NodeNumbers(GraphData& graph) : graph_(graph) {}
  bool has(std::uint32_t node) const;
  /// Returns false if the node already has a number.
  bool add(std::uint32_t node);
  /// Renumbers the nodes in the order of their ids.
  void sort();
  std::uint32_t of(std::uint32_t node) const;  ///< the node must have a number
  const std::vector<std::uint32_t>& nodes() const { return nodes_; }  ///< ids by number

 private:
  GraphData& graph_;
  std::vector<std::uint32_t> nodes_;
};

/// Text for errors about a node: "node 'hidden', made at model.cpp:41".
std::string place(const GraphView& graph, std::uint32_t node);

/// The properties that a new node gets besides its op and operands.
struct Making {
  std::uint32_t scope = 0;
  std::uint32_t forward = no_node;  ///< the forward node that it belongs to
  std::uint16_t order = 0;          ///< of differentiation
  Location where = {};              ///< if the line is 0, that of the call which makes the node
  std::string_view builder = {};    ///< whose name errors begin with; if empty, the op's
  std::uint32_t ordinal = no_node;  ///< of its automatic name; by default the next
};
/// The properties of a node in the gradient of `node`, whose scope and source line it takes.
Making in_gradient_of(const GraphData& graph, std::uint32_t node, int order);

/// The properties of a node that takes the place of another one in the same graph.
Making in_place_of(const GraphData& graph, std::uint32_t node);

/// While it exists, new nodes of a graph get these properties.
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
