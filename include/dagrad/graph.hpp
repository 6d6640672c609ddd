#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
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

enum class NodeKind : std::uint8_t { input, parameter, constant, op };

/// A node of a graph, to look at. Valid while its graph lives.
class Node {
 public:
  Node(detail::ControlPtr control, std::uint32_t id) : control_(std::move(control)), id_(id) {}

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
  Value input(std::string_view name, const Type& type, const char* file = __builtin_FILE(),
              int line = __builtin_LINE());
  /// What a State holds and an update changes, with its initial value.
  Value parameter(std::string_view name, const Tensor& initial, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE());
  Value constant(const Tensor& value, const char* file = __builtin_FILE(),
                 int line = __builtin_LINE());

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

  /// Throws GraphError for a graph that has been moved from.
  detail::GraphData& data() const;
  const detail::ControlPtr& control() const { return control_; }

 private:
  detail::ControlPtr control_;
};

/// One line a node: %name = op(operands) {attributes} : type  # scope, place, forward node.
std::string to_string(const Graph& graph);
std::ostream& operator<<(std::ostream& out, const Graph& graph);
std::string to_string(const Node& node);
std::ostream& operator<<(std::ostream& out, const Node& node);

namespace detail {

/// The name, where an op can have it: printable UTF-8 of at most 4,096 bytes, without white space,
/// '/' or ':'. Throws ArgumentError saying what is wrong with it.
std::string checked_op_name(std::string_view name);

/// The node that `append` made.
struct Appended {
  ControlPtr control;
  std::uint32_t node;
  std::uint32_t outputs;
  Value output(std::uint32_t port) const { return {control, node, port}; }
};
/// Appends a node. Throws what `infer` and `validate` throw, with op, node and place added;
/// GraphError for values of two graphs; ArgumentError where nothing but numbers was given. The
/// place is that of the first operand, or `where` without one.
Appended append(Op op, std::span<const Operand> operands, const Graph* graph = nullptr,
                Location where = {});

/// The same, giving all results; where there is no memory to list them, nothing has been appended.
std::vector<Value> append_all(Op op, std::span<const Operand> operands,
                              const Graph* graph = nullptr, Location where = {});

template <std::size_t Outputs>
auto outputs_of(const Appended& node) {
  if constexpr (Outputs == 1) {
    return node.output(0);
  } else if constexpr (Outputs == dynamic_outputs) {
    std::vector<Value> values;
    values.reserve(node.outputs);
    for (std::uint32_t i = 0; i < node.outputs; ++i) values.push_back(node.output(i));
    return values;
  } else {
    return [&]<std::uint32_t... I>(std::integer_sequence<std::uint32_t, I...>) {
      return std::array<Value, Outputs>{node.output(I)...};
    }
    (std::make_integer_sequence<std::uint32_t, Outputs>{});
  }
}

/// The same, giving as many results as are known to be: what all forms of `apply` are.
template <std::size_t Outputs>
auto append_for(Op op, std::span<const Operand> operands, const Graph* graph = nullptr,
                Location where = {}) {
  if constexpr (Outputs == dynamic_outputs)
    return append_all(std::move(op), operands, graph, where);
  else
    return outputs_of<Outputs>(append(std::move(op), operands, graph, where));
}

}  // namespace detail

/// Appends a node of an op to the graph of its operands. Returns a Value, an array of them for an
/// op with a fixed number of results, a vector where `infer` decides.
template <class T>
requires(!std::same_as<T, Op>) auto apply(T op, std::span<const Operand> operands) {
  return detail::append_for<detail::outputs_of<T>()>(Op(std::move(op)), operands);
}
template <class T>
auto apply(T op, std::initializer_list<Operand> operands) {
  return apply(std::move(op), std::span<const Operand>(operands.begin(), operands.size()));
}
/// In this form it is preferred to std::apply, which is found for a vector.
template <class T, class Operands>
requires std::same_as<std::remove_cvref_t<Operands>, std::vector<Operand>>
auto apply(T&& op, Operands&& operands) {
  return apply(std::forward<T>(op), std::span<const Operand>(operands));
}
/// For ops without operands, which can tell neither their graph nor their place.
template <class T>
auto apply(const Graph& graph, T op, const char* file = __builtin_FILE(),
           int line = __builtin_LINE()) {
  return detail::append_for<detail::outputs_of<T>()>(Op(std::move(op)), {}, &graph, {file, line});
}
/// For an op whose type is not known here.
std::vector<Value> apply(Op op, std::span<const Operand> operands);

/// "\n  made at model.cpp:41, in scope 'encoder'", for the line of a builder's call: what its
/// errors end with. `apply` adds it to those of ops; a builder of several nodes adds it to its own.
std::string made_at(const Operand& operand);
std::string made_at(Location where);

/// Drops what was appended to a graph since it was made, unless `keep` is called: so a builder of
/// several nodes that throws leaves no trace of those that it has made.
class [[nodiscard]] Transaction {
 public:
  /// Of the graph that the operands belong to; of none where all are plain numbers.
  explicit Transaction(std::span<const Operand> operands);
  explicit Transaction(std::initializer_list<Operand> operands)
      : Transaction(std::span(operands.begin(), operands.size())) {}
  explicit Transaction(detail::GraphData& graph);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  void keep() { graph_ = nullptr; }
  /// Keeps what was appended; gives `result`, which is part of it.
  template <class T>
  T keep(T result) {
    keep();
    return result;
  }

 private:
  detail::GraphData* graph_ = nullptr;
  std::uint32_t size_ = 0;
};

/// Makes a functor into a builder: `auto leaky = elementwise("leaky", [](auto x) { return select(x
/// > 0, x, 0.01 * x); }); Value y = leaky(x);` Its gradient is derived. Throws ArgumentError for a
/// bad name.
template <class F>
class ElementwiseFunction {
 public:
  ElementwiseFunction(std::string_view name, F functor)
      : op_{detail::checked_op_name(name), std::move(functor)} {}
  auto operator()(Operand a) const { return apply(op_, {std::move(a)}); }
  auto operator()(Operand a, Operand b) const { return apply(op_, {std::move(a), std::move(b)}); }
  auto operator()(Operand a, Operand b, Operand c) const {
    return apply(op_, {std::move(a), std::move(b), std::move(c)});
  }
  auto operator()(std::initializer_list<Operand> operands) const { return apply(op_, operands); }
  Op op() const { return Op(op_); }

 private:
  struct Struct : F {
    Struct(std::string text, F f) : F(std::move(f)), name(std::move(text)) {}
    std::string name;
  };
  Struct op_;
};
template <class F>
ElementwiseFunction<F> elementwise(std::string_view name, F functor) {
  return {name, std::move(functor)};
}

// ---- graphs from graphs: the original stays as it is

/// Old values to new ones.
class Mapping {
 public:
  /// Throws GraphError where the value has no counterpart.
  Value operator()(const Value& old) const;
  std::vector<Value> operator()(std::span<const Value> old) const;
  std::optional<Value> find(const Value& old) const;
  void add(const Value& from, const Value& to);
  std::size_t size() const { return size_; }

 private:
  std::vector<std::vector<Value>> to_;  // by node, then port
  std::size_t size_ = 0;
};

struct Rewritten {
  Graph graph;
  Mapping mapping;
};

Rewritten clone(const Graph& graph);
/// Only what `outputs` need. Values in `cut` become inputs of the new graph, named as they were.
Rewritten extract(const Graph& graph, std::span<const Value> outputs,
                  std::span<const Value> cut = {});
/// The same of the graph that the outputs are in. Throws ArgumentError for no output.
Rewritten extract(std::span<const Value> outputs, std::span<const Value> cut = {});
/// Every use of `from` becomes one of `to`, which must have the same type and not depend on it.
struct Replacement {
  Value from, to;
};
Rewritten replace(const Graph& graph, std::span<const Replacement> replacements);
/// The same graph made again with other types of inputs, parameters or constants: another batch
/// size or dtype. Every op infers its types anew, so that the graph is what building it for these
/// types would give; errors name the node that no longer fits. No value changes its rank: throws
/// ShapeError where one would, for ops count axes.
struct Retyped {
  Value leaf;
  Type type;
};
Rewritten replay(const Graph& graph, std::span<const Retyped> types);
/// The same graph with every float32 as float64 or the other way round; constants, initial values
/// and what ops say of dtypes are converted, as they were rounded. What ops make of no floats
/// (random numbers, one_hot, casts from ints) they make as before, to be cast.
Rewritten replay(const Graph& graph, DType from, DType to);

}  // namespace dagrad
