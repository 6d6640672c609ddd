#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dagrad/detail/edges.hpp"
#include "dagrad/graph.hpp"
#include "src/graph/interned.hpp"

namespace dagrad::detail {

/// What a graph stores of a result: the index of its type, and its extent.
struct Result {
  std::uint32_t type, extent;
};

/// The types of a node's results. Valid until the graph is changed.
class ResultTypes {
 public:
  ResultTypes(std::span<const Result> results, const Types& types)
      : results_(results), types_(&types) {}
  std::size_t size() const { return results_.size(); }
  const Type& operator[](std::size_t port) const { return (*types_)[results_[port].type]; }

 private:
  std::span<const Result> results_;
  const Types* types_;
};

/// A graph as the rooms outside src/graph see it.
class GraphView {
 public:
  explicit GraphView(const GraphData& data) : data_(&data) {}
  explicit GraphView(const Graph& graph) : data_(&graph.data()) {}

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

/// Appends a parameter to the graph of a value: for builders that need state of their own.
Value append_parameter(GraphData& graph, std::string_view name, const Tensor& initial,
                       Location where);

/// While it lives, what is appended is tied to a forward node and gets its place and scope.
class ForwardNode {
 public:
  ForwardNode(GraphData& graph, std::uint32_t node);
  ForwardNode(const ForwardNode&) = delete;
  ForwardNode& operator=(const ForwardNode&) = delete;
  ~ForwardNode();

 private:
  GraphData& graph_;
  std::uint32_t outer_scope_, outer_forward_;
};

/// While it lives, what is appended is of a gradient of that order.
class GradientOrder {
 public:
  GradientOrder(GraphData& graph, int order);
  GradientOrder(const GradientOrder&) = delete;
  GradientOrder& operator=(const GradientOrder&) = delete;
  ~GradientOrder();

 private:
  GraphData& graph_;
  std::uint16_t outer_;
};

}  // namespace dagrad::detail
