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

/// The origin of a node that a gradient rule or a pass has made: the forward node it belongs to.
struct Provenance {
  std::string node;   ///< name of the forward node
  std::string scope;  ///< scope of the forward node; "" outside of any scope
  Location where;     ///< source line that made the forward node
  /// Forward nodes of the forward node, if that is part of a gradient itself.
  std::vector<std::string> parents;
};

/// A node of the user's graph from which a rewrite has made other nodes.
struct Origin {
  std::string node;  ///< name of the node
  Location where;    ///< source line that made it
};

enum class NodeKind : std::uint8_t { input, parameter, constant, op };

/// A read-only handle to a node. Valid while its graph exists; later uses throw GraphError.
class Node {
 public:
  std::uint32_t id() const { return id_; }
  NodeKind kind() const;
  /// The name with its scope, such as "encoder/0/w"; nodes that the user has not named are called
  /// after their op, with a number from the second on ("matmul", "matmul_1").
  std::string name() const;
  bool has_user_name() const;
  std::string scope() const;
  Location where() const;
  const Op& op() const;  ///< leaves have ops named "input", "parameter" and "constant"
  std::vector<Value> operands() const;
  /// Whether the node uses only the type of that operand.
  bool type_only(std::size_t operand) const;
  std::size_t outputs() const;
  Value output(std::size_t port = 0) const;
  /// The nodes that use any of its results, each once, in the order in which they were made.
  std::vector<Node> users() const;
  /// The forward node that this one belongs to, if a gradient or a pass has made it.
  std::optional<Provenance> provenance() const;
  /// The nodes of the user's graph from which rewrites have made this one, or which they have
  /// merged into it. The node itself if it is a plain copy or was never rewritten.
  std::vector<Origin> origins() const;
  /// 0 for nodes of the forward computation, 1 for those of its gradient, 2 for those of the
  /// gradient of that gradient, and so on.
  int gradient_order() const;
  /// Id of the forward node that this one helps to differentiate, if that node is in this graph.
  std::optional<std::uint32_t> forward_node() const;
  /// The value of a constant or the initial value of a parameter. Throws GraphError for other
  /// nodes.
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

/// While a scope exists, its name prefixes the names of new nodes. Scopes nest: a node "w" made in
/// scope "0", opened in scope "encoder", is called "encoder/0/w". They may end in any order; new
/// nodes belong to the innermost scope that is still open.
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
  std::uint64_t opening_;  ///< its number among all scopes that the graph has opened
};

/// A directed acyclic graph of ops. It is append-only: node ids count up from 0 in the order in
/// which nodes are made, so operands precede the nodes that use them. Only one thread at a time may
/// build a graph. Moving a graph keeps its handles valid.
///
/// Each node has a unique name: the one the user gives it, or that of its op followed by a number.
/// Names are UTF-8, with at most 4,096 bytes as given and 65,531 bytes together with their scopes
/// (the limit for a member of an .npz file). They must not contain white space, control characters
/// or any of :%"\(){},;#=<>. A '/' separates words, as scopes do.
class Graph {
 public:
  Graph();
  Graph(Graph&& other) noexcept;
  Graph& operator=(Graph&& other) noexcept;
  ~Graph();

  /// Adds an input, a value that each run is fed. Throws ArgumentError if the name is malformed,
  /// GraphError if it is taken.
  Value input(std::string_view name, const Type& type, Location where = Location::here());
  /// Adds a parameter with its initial value. A State holds the current value, and updates change
  /// it. Throws as `input` does.
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

  /// Opens a scope for the nodes made from now on. Throws ArgumentError if the name is malformed.
  Scope scope(std::string_view name, Location where = Location::here());
  /// The full name of the innermost open scope, such as "encoder/0"; "" outside of any scope.
  std::string current_scope() const;

  /// The value with this full name (ending in ":1" for a second result), if there is one.
  std::optional<Value> find(std::string_view name) const;
  /// The same, but throws GraphError listing similar names if there is no such value.
  Value at(std::string_view name, Location where = Location::here()) const;

  std::size_t size() const;  ///< number of nodes
  std::size_t edges() const;
  Node node(std::uint32_t id) const;
  std::vector<Node> nodes() const;
  std::vector<Value> inputs() const;
  std::vector<Value> parameters() const;

 private:
  friend struct detail::Access;
  /// Throws GraphError if the graph has been moved from.
  detail::GraphData& data() const;

  detail::ControlPtr control_;
};

/// A listing with one line for each node: `%name = op(%operand, type of %operand) {attributes} :
/// types`. It is followed by `# made of %node, …` if a rewrite made the node from others, and by
/// `# from %node` if the node belongs to that node's gradient. `Node::where` and `Node::scope` say
/// where a node was made.
std::string to_string(const Graph& graph);
std::ostream& operator<<(std::ostream& out, const Graph& graph);
std::string to_string(const Node& node);
std::ostream& operator<<(std::ostream& out, const Node& node);

}  // namespace dagrad
