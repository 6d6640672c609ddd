#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dagrad/program.hpp"
#include "src/graph/data.hpp"

namespace dagrad::detail {

/// What fusion must know about the nodes that some values need.
class FusibleNodes {
 public:
  enum class Kind : std::uint8_t {
    unused,      ///< nothing reads its results; at most their types are used
    single,      ///< runs by itself
    fill,        ///< all elements of its result are one known number
    reshape,     ///< its result has the elements of its operand, which are read instead
    elementwise  ///< may be joined with others
  };

  /// Throws GraphError if a value belongs to another graph.
  FusibleNodes(const GraphData& graph, std::span<const Value> values);

  /// The nodes that the values need, operands first. Some may be unused.
  const std::vector<std::uint32_t>& nodes() const { return nodes_; }
  Kind kind(std::uint32_t node) const { return facts_[node].kind; }
  /// Whether the node's results are among the values, as they are or in another shape.
  bool is_requested(std::uint32_t node) const { return facts_[node].requested; }
  bool is_ordered(std::uint32_t node) const { return facts_[node].ordered; }
  /// The bits of that number, in the low bytes.
  std::uint64_t fill(std::uint32_t node) const { return facts_[node].fill; }
  /// Of an elementwise node.
  const Program& program(std::uint32_t node) const { return *programs_[node]; }
  /// About the number of instructions of an elementwise node.
  std::uint32_t weight(std::uint32_t node) const { return facts_[node].weight; }
  /// Whether constants may become part of the node's formula: what is computed from them when it is
  /// recorded then has the same bits as in a run.
  bool takes_constants(std::uint32_t node) const { return facts_[node].takes_constants; }
  /// A number for the shape of an elementwise node's results, the same for equal shapes.
  std::uint32_t shape(std::uint32_t node) const { return facts_[node].shape; }
  /// How many elements each result of an elementwise node has.
  std::int64_t elements(std::uint32_t node) const { return facts_[node].elements; }
  /// The number of elements of any value.
  std::int64_t elements(const Edge& edge) const { return elements_[graph_.result(edge).type]; }
  /// Whether the node computes the same elements in any shape that has as many, because its
  /// operands do not broadcast, except for single elements.
  bool is_flat(std::uint32_t node) const { return facts_[node].flat; }
  /// Whether two nodes can be computed by one loop.
  bool fit(std::uint32_t a, std::uint32_t b) const {
    return kind(a) == Kind::elementwise && kind(b) == Kind::elementwise &&
           (shape(a) == shape(b) ||
            (facts_[a].elements == facts_[b].elements && (is_flat(a) || is_flat(b))));
  }
  /// Whether the edge stands for elements that are read where its user is computed.
  bool is_read(const Edge& edge) const { return !edge.type_only && kind(edge.node) != Kind::fill; }
  /// The value whose elements are read: what has been reshaped, if the edge leads to a reshape.
  Edge source(const Edge& edge) const {
    return kind(edge.node) == Kind::reshape ? reshaped_[facts_[edge.node].shape] : edge;
  }
  /// Calls `body` with each value whose elements a node reads.
  template <class F>
  void each_read(std::uint32_t node, const F& body) const {
    for (const Edge& edge : graph_.operands_of(node))
      if (is_read(edge)) body(source(edge));
  }
  /// Whether the node computes something.
  bool is_computed(std::uint32_t node) const {
    return kind(node) != Kind::unused && kind(node) != Kind::reshape;
  }

 private:
  struct Facts {
    Kind kind = Kind::unused;
    bool requested = false, ordered = false, takes_constants = false, flat = false;
    std::uint32_t weight = 0;
    std::uint32_t shape = 0;  ///< of a reshape, its position in `reshaped_`
    std::int64_t elements = 0;
    std::uint64_t fill = 0;
  };
  struct Cost {
    std::uint32_t weight = 0;
    bool takes_constants = true;
  };
  /// What is known of an op, and its program for the types of its last operands: those of
  /// successive nodes are mostly the same.
  struct Recent {
    bool seen = false;
    std::optional<std::uint64_t> full;  ///< the number, if the op fills a tensor with it

    bool known = false;                     ///< whether the rest is
    std::vector<std::uint32_t> types;       ///< of the operands, as indices
    const Program* program = nullptr;       ///< null if it has none that can be used
    std::optional<std::uint64_t> constant;  ///< if it computes nothing else
    Cost cost;
  };

  void mark_read();
  void classify(std::uint32_t node);
  void classify_op(std::uint32_t node, const Op& op);
  void find_program(std::uint32_t node, const Op& op, Recent& recent);
  static Cost cost(const Program& program);
  void classify_reshape(std::uint32_t node, const Edge& operand);
  void classify_shape(std::uint32_t node);
  bool computes_fill(std::uint32_t node, const Program& program);
  void set_fill(std::uint32_t node, std::uint64_t bits);

  const GraphData& graph_;
  std::vector<std::uint32_t> nodes_;
  std::vector<Facts> facts_;              ///< by node
  std::vector<const Program*> programs_;  ///< by node
  std::vector<std::int64_t> elements_;    ///< by type
  std::vector<Edge> reshaped_;            ///< what reshapes read
  std::vector<Recent> recent_;            ///< by op
  std::vector<ProgramPtr> owned_;         ///< the programs
  Interned<Shape, ShapeHash> shapes_;
  std::vector<Type> in_;
  std::vector<std::uint32_t> types_;
};

}  // namespace dagrad::detail
