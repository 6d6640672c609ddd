#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "dagrad/graph.hpp"

/// Graphs from graphs: passes. The original stays as it is.
namespace dagrad {

namespace detail {
class Rewriting;
}

/// Old values to new ones.
class Mapping {
 public:
  /// Throws GraphError where the value has no counterpart, or is of another graph.
  Value operator()(const Value& old) const;
  std::vector<Value> operator()(std::span<const Value> old) const;
  std::optional<Value> find(const Value& old) const;
  std::size_t size() const { return size_; }  ///< values that have a counterpart

 private:
  friend class detail::Rewriting;
  static constexpr std::uint32_t none = 0xffffffff;
  struct To {
    std::uint32_t node = none, port = 0;
  };

  detail::ControlPtr from_, to_;
  std::vector<std::uint32_t> first_;  // by old node: where its results stand in results_
  std::vector<To> results_;
  std::size_t size_ = 0;
};

struct Rewritten {
  Graph graph;
  Mapping mapping;
};

/// What a pass sees and says of the node that is visited: a node of which it says nothing is
/// copied.
class Rewriter {
 public:
  Rewriter(const Rewriter&) = delete;
  Rewriter& operator=(const Rewriter&) = delete;

  /// The graph that is made. What is appended to it during a visit belongs to the visited node: it
  /// has its place, its scope, and its part in a gradient, and knows it as its origin.
  Graph& graph() const;
  /// The new value of an old one that has been visited, such as an operand of the node. Throws
  /// GraphError where there is none.
  Value operator()(const Value& old) const;
  std::vector<Value> operator()(std::span<const Value> old) const;

  /// Copies the node: with its name, its operands being their new values.
  std::vector<Value> copy();
  /// With other operands, values of the new graph. Throws as `apply` does.
  std::vector<Value> copy(std::span<const Value> operands);
  /// With another op, too; of inputs, parameters and constants there is none.
  std::vector<Value> copy(const Op& op, std::span<const Value> operands);
  /// Copies an input, parameter or constant with another type, its tensor converted. Throws
  /// ShapeError where a tensor has another shape, GraphError where the node is computed.
  Value copy(const Type& type);
  /// The node's results become these values of the new graph: some that are there already, to which
  /// the node is added as one more origin, or some that the pass has appended, of the node's copy
  /// perhaps. A name that the user has given the node goes to the first, where that has none.
  void replace(const Value& result);
  void replace(std::span<const Value> results);
  /// Leaves the node out. What needs it must not be copied.
  void drop();

 private:
  friend class detail::Rewriting;
  Rewriter(detail::Rewriting& rewriting, std::uint32_t node) : rewriting_(rewriting), node_(node) {}
  enum class Said : std::uint8_t { nothing, copy, replacement, drop };
  void say(Said what);

  detail::Rewriting& rewriting_;
  std::uint32_t node_;
  Said said_ = Said::nothing;
};

struct RewriteOptions {
  std::vector<Value> outputs = {};  ///< only what these need is visited; all where there are none
  /// These become inputs of the new graph, named as they were; what only they need is not visited.
  std::vector<Value> cut = {};
  /// Whether values may change their type, though not their rank.
  bool retypes = false;
};

/// Makes a graph anew, node by node in the order in which they were made. Each is shown to `visit`,
/// which may copy it, with other operands or another op, replace it by values that it appends or
/// that are there, or drop it. Takes time and memory in proportion to the nodes that are visited.
///
/// Nodes that are copied keep their names, places, scopes and parts in gradients; those that are
/// made of several know them all (`Node::origins`). A function that is compiled of the new graph
/// can be fed with the inputs of the old one, and its errors and observers name the nodes of the
/// graph that the user has built, however many rewrites lie between.
///
/// Throws what `visit` throws; GraphError where a copied node needs one that was dropped, values of
/// another graph are given, or a visit says two things; TypeError where a value's type changes and
/// `retypes` is not set, ShapeError where its rank does.
Rewritten rewrite(const Graph& graph, const std::function<void(Rewriter&, const Node&)>& visit,
                  const RewriteOptions& options = {});

// ---- rewrites that are ready

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
