#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "dagrad/graph.hpp"

/// Passes, which make new graphs from graphs. The original graph stays unchanged.
namespace dagrad {

namespace detail {
class Rewriting;
}

/// Maps values of the old graph to values of the new one.
class Mapping {
 public:
  /// The new value. Throws GraphError if the value has no counterpart or belongs to another graph.
  Value operator()(const Value& old) const;
  std::vector<Value> operator()(std::span<const Value> old) const;
  std::optional<Value> find(const Value& old) const;
  std::size_t size() const { return size_; }  ///< number of values that have a counterpart
  /// This mapping followed by that of a rewrite of the new graph. Values that either of them loses
  /// have no counterpart. Throws GraphError if `next` maps values of another graph.
  Mapping then(const Mapping& next) const;

 private:
  friend class detail::Rewriting;
  static constexpr std::uint32_t none = 0xffffffff;
  struct To {
    std::uint32_t node = none, port = 0;
  };

  detail::ControlPtr from_, to_;
  std::vector<std::uint32_t> first_;  // index in results_ by old node
  std::vector<To> results_;
  std::size_t size_ = 0;
};

struct Rewritten {
  Graph graph;
  Mapping mapping;
};

/// The means by which a pass decides what becomes of the visited node. If it decides nothing, the
/// node is copied.
class Rewriter {
 public:
  Rewriter(const Rewriter&) = delete;
  Rewriter& operator=(const Rewriter&) = delete;

  /// The new graph. Nodes appended to it during a visit belong to the visited node: they get its
  /// source line, its scope and its part in a gradient, and have it as their origin.
  Graph& graph() const;
  /// The new value for a value that has been visited, such as an operand of the node. Throws
  /// GraphError if there is none.
  Value operator()(const Value& old) const;
  std::vector<Value> operator()(std::span<const Value> old) const;

  /// Copies the node with its name, replacing its operands by their new values.
  std::vector<Value> copy();
  /// Copies it with other operands, which are values of the new graph. Throws as `apply` does.
  std::vector<Value> copy(std::span<const Value> operands);
  /// Also replaces its op. Throws GraphError if the node is an input, a parameter or a constant.
  std::vector<Value> copy(const Op& op, std::span<const Value> operands);
  /// Copies an input, parameter or constant with another type, and converts its tensor. Throws
  /// ShapeError if the tensor has another shape, GraphError if the node is an op.
  Value copy(const Type& type);
  /// Replaces the node's results with values of the new graph. These may exist already, in which
  /// case the node becomes another of their origins, or have been appended by the pass, for example
  /// from the node's copy. The first value takes over a name given by the user, unless it has one.
  void replace(const Value& result);
  void replace(std::span<const Value> results);
  /// Leaves the node out. Nodes that need it must not be copied.
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
  std::vector<Value> outputs = {};  ///< only nodes that these need are visited; all if it is empty
  /// Values that become inputs of the new graph under the same names; nodes that only they need are
  /// not visited.
  std::vector<Value> cut = {};
  /// Whether values may change their type. Ranks cannot change.
  bool retypes = false;
};

/// Makes a new graph node by node, in the order in which nodes were made. Each node is passed to
/// `visit`, which may copy it, also with other operands or another op, replace it with new or
/// existing values, or drop it. Time and memory are proportional to the number of visited nodes.
///
/// Copied nodes keep their names, source lines, scopes and parts in gradients; a node made from
/// several others records all of them (`Node::origins`). A function compiled from the new graph
/// accepts inputs of the old graph in feeds, and its errors and observers use the names of the
/// user's graph, even after several rewrites.
///
/// Throws what `visit` throws; GraphError if a copied node needs one that was dropped, a value
/// belongs to another graph, or a visit decides twice; TypeError if a value's type changes although
/// `retypes` is not set; ShapeError if its rank changes.
Rewritten rewrite(const Graph& graph, const std::function<void(Rewriter&, const Node&)>& visit,
                  const RewriteOptions& options = {});

// ---- ready-made rewrites

/// Copies the whole graph.
Rewritten clone(const Graph& graph);
/// Copies only what `outputs` need. Values in `cut` become inputs of the new graph under the same
/// names.
Rewritten extract(const Graph& graph, std::span<const Value> outputs,
                  std::span<const Value> cut = {});
/// The same for the graph that the outputs belong to. Throws ArgumentError if there is no output.
Rewritten extract(std::span<const Value> outputs, std::span<const Value> cut = {});
/// Turns every use of `from` into a use of `to`, which must have the same type and must not depend
/// on `from`.
struct Replacement {
  Value from, to;
};
Rewritten replace(const Graph& graph, std::span<const Replacement> replacements);
/// Makes the graph again with other types of inputs, parameters or constants, such as another batch
/// size or dtype. Every op infers its types again, so the result is the graph that building for
/// these types would give. Throws what the ops throw, naming the node that no longer fits, and
/// ShapeError if the rank of a value would change.
struct Retyped {
  Value leaf;
  Type type;
};
Rewritten replay(const Graph& graph, std::span<const Retyped> types);
/// Makes the graph again with one float dtype replaced by another, such as float32 by float64.
/// Constants and initial values are converted, and so are dtypes in the attributes of ops. Ops that
/// make floats from other types (random numbers, one_hot, casts from integers) compute as before,
/// and their results are cast.
Rewritten replay(const Graph& graph, DType from, DType to);

}  // namespace dagrad
