#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dagrad/op.hpp"

namespace dagrad {

class Graph;

/// Where a node came from that a rule or a pass made: the forward node it belongs to.
struct Provenance {
  std::string node;                  ///< name of the forward node
  std::string scope;                 ///< its scope, "" at the top
  Location where;                    ///< where that was made
  std::vector<std::string> parents;  ///< its own forward nodes, for a gradient of a gradient
};

/// A node of the graph that the user has built, which a rewrite has made others of.
struct Origin {
  std::string node;  ///< its name
  Location where;    ///< where it was made
};

enum class NodeKind : std::uint8_t { input, parameter, constant, op };

/// A node of a graph, to look at. Valid while its graph lives.
class Node {
 public:
  std::uint32_t id() const { return id_; }
  NodeKind kind() const;
  /// As named by the user, scope before it ("encoder/0/w"), else made of op and number
  /// ("matmul_3").
  std::string name() const;
  bool has_user_name() const;
  std::string scope() const;
  Location where() const;
  const Op& op() const;  ///< of leaves: ops named "input", "parameter", "constant"
  std::vector<Value> operands() const;
  bool type_only(std::size_t operand) const;  ///< whether only that operand's type is used
  std::size_t outputs() const;
  Value output(std::size_t port = 0) const;
  /// The nodes that read any of its results, in the order they were made, each once.
  std::vector<Node> users() const;
  /// Set on nodes that a gradient or a pass made.
  std::optional<Provenance> provenance() const;
  /// The nodes that a rewrite made this one for or merged in it, as the user has built them; itself
  /// where it is a copy or no rewrite lies between.
  std::vector<Origin> origins() const;
  /// 0 for a node of the forward computation, 1 for one of its gradient, 2 of that one's gradient,
  /// …
  int gradient_order() const;
  /// Id in this graph of the forward node that this one differentiates, where it is still there.
  std::optional<std::uint32_t> forward_node() const;
  /// Value of a constant, initial value of a parameter. Throws GraphError for other nodes.
  const Tensor& tensor() const;
  friend bool operator==(const Node& a, const Node& b) {
    return a.control_.get() == b.control_.get() && a.id_ == b.id_;
  }

 private:
  friend struct detail::Access;
  friend class Graph;
  friend class Value;
  Node(detail::ControlPtr control, std::uint32_t id) : control_(std::move(control)), id_(id) {}
  detail::GraphData& data() const;

  detail::ControlPtr control_;
  std::uint32_t id_;
};

/// Nodes made while it lives get its name before theirs. Scopes nest: "encoder" in which "0" is
/// opened names "encoder/0/w". They may end in any order: the innermost one that is still open
/// counts.
class [[nodiscard]] Scope {
 public:
  Scope(Scope&& other) noexcept;
  Scope& operator=(Scope&&) = delete;
  ~Scope();

 private:
  friend class Graph;
  Scope(detail::ControlPtr control, std::uint64_t opening)
      : control_(std::move(control)), opening_(opening) {}
  detail::ControlPtr control_;
  std::uint64_t opening_;  ///< which one it was of those that the graph has opened
};

/// A DAG of op nodes. Append-only: node ids count up from 0 in the order of making, and operands
/// come before their users. One thread builds a graph at a time. Movable; handles stay valid.
///
/// Each node has a name of its own: one that the user gives, or its op's with a number behind it.
/// Names are UTF-8, of at most 4,096 bytes as they are given and 65,531 with the scopes before them
/// (what a member of an .npz file can be called). White space, control characters and any of
/// :%"\(){},;#=<> cannot stand in them; a '/' separates two words, as if there were a scope.
class Graph {
 public:
  Graph();
  Graph(Graph&& other) noexcept;
  Graph& operator=(Graph&& other) noexcept;
  ~Graph();

  /// What a run is fed with. Throws ArgumentError for a bad name, GraphError for one that is taken.
  Value input(std::string_view name, const Type& type, Location where = Location::here());
  /// What a State holds and an update changes, with its initial value.
  Value parameter(std::string_view name, const Tensor& initial, Location where = Location::here());
  Value constant(const Tensor& value, Location where = Location::here());
  /// What `Tensor::of` makes of a list: `graph.constant({{1.0, 2.0}, {3.0, 4.0}})`.
  template <Element T>
  Value constant(std::initializer_list<T> list, Location where = Location::here()) {
    return constant(Tensor::of(list), where);
  }
  template <Element T>
  Value constant(std::initializer_list<std::initializer_list<T>> list,
                 Location where = Location::here()) {
    return constant(Tensor::of(list), where);
  }
  template <Element T>
  Value constant(std::initializer_list<std::initializer_list<std::initializer_list<T>>> list,
                 Location where = Location::here()) {
    return constant(Tensor::of(list), where);
  }
  template <Element T>
  Value constant(
      std::initializer_list<std::initializer_list<std::initializer_list<std::initializer_list<T>>>>
          list,
      Location where = Location::here()) {
    return constant(Tensor::of(list), where);
  }
  template <NestedList L>
  Value constant(const L& list, Location where = Location::here()) {
    return constant(Tensor::of(list), where);
  }

  /// Opens a scope for the nodes made from now on. Throws ArgumentError for a bad name.
  Scope scope(std::string_view name);

  /// The value of that full name (":1" for a second result), or none.
  std::optional<Value> find(std::string_view name) const;
  /// The same; throws GraphError listing similar names where there is none.
  Value at(std::string_view name) const;

  std::size_t size() const;  ///< nodes
  std::size_t edges() const;
  Node node(std::uint32_t id) const;
  std::vector<Node> nodes() const;
  std::vector<Value> inputs() const;
  std::vector<Value> parameters() const;

 private:
  friend struct detail::Access;
  /// Throws GraphError for a graph that has been moved from.
  detail::GraphData& data() const;

  detail::ControlPtr control_;
};

/// One line a node: %name = op(operands) {attributes} : type  # scope, place, forward node.
std::string to_string(const Graph& graph);
std::ostream& operator<<(std::ostream& out, const Graph& graph);
std::string to_string(const Node& node);
std::ostream& operator<<(std::ostream& out, const Node& node);

}  // namespace dagrad
