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
  std::uint64_t fill(std::uint32_t node) const { return fills_[facts_[node].at]; }
  /// Of an elementwise node.
  const Program& program(std::uint32_t node) const {
    return *programs_[facts_[node].program].program;
  }
  /// A number for that program, and how many there are. Several may stand for one program.
  std::uint32_t program_number(std::uint32_t node) const { return facts_[node].program; }
  std::size_t programs() const { return programs_.size(); }
  /// About the number of instructions of an elementwise node.
  std::uint32_t weight(std::uint32_t node) const { return programs_[facts_[node].program].weight; }
  /// Whether constants may become part of the node's formula: what is computed from them when it is
  /// recorded then has the same bits as in a run.
  bool takes_constants(std::uint32_t node) const { return facts_[node].takes_constants; }
  /// A number for the shape of an elementwise node's results, the same for equal shapes.
  std::uint32_t shape(std::uint32_t node) const { return facts_[node].at; }
  /// How many elements each result of an elementwise node has.
  std::int64_t elements(std::uint32_t node) const { return elements_of_shape_[shape(node)]; }
  /// The number of elements of any value.
  std::int64_t elements(const Edge& edge) const {
    return facts_[edge.node].has_shape ? elements_of_shape_[facts_[edge.node].at]
                                       : types_[graph_.result(edge).type].elements;
  }
  /// Whether the node computes the same elements in any shape that has as many, because its
  /// operands do not broadcast, except for single elements.
  bool is_flat(std::uint32_t node) const { return facts_[node].flat; }
  /// Whether two nodes can be computed by one loop.
  bool fit(std::uint32_t a, std::uint32_t b) const {
    return kind(a) == Kind::elementwise && kind(b) == Kind::elementwise &&
           (shape(a) == shape(b) || ((is_flat(a) || is_flat(b)) && elements(a) == elements(b)));
  }
  /// Whether the edge stands for elements that are read where its user is computed.
  bool is_read(const Edge& edge) const { return !edge.type_only && kind(edge.node) != Kind::fill; }
  /// The value whose elements are read: what has been reshaped, if the edge leads to a reshape.
  Edge source(const Edge& edge) const {
    return kind(edge.node) == Kind::reshape ? reshaped_[facts_[edge.node].at] : edge;
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
  /// Small, since there is one for each node of the graph.
  struct Facts {
    Kind kind = Kind::unused;
    bool requested : 1 = false, ordered : 1 = false, takes_constants : 1 = false, flat : 1 = false;
    bool has_shape : 1 = false;
    /// The number of its shape, if it has one; of a reshape, the position in `reshaped_`, and of a
    /// fill, in `fills_`.
    std::uint32_t at = 0;
    std::uint32_t program = 0;  ///< in `programs_`
  };
  /// What is known of an op for operands of certain types.
  struct ForTypes {
    std::vector<std::uint32_t> types;  ///< as indices
    ProgramPtr owned;
    const Program* program = nullptr;            ///< null if it has none that can be used
    std::optional<std::uint64_t> constant = {};  ///< if it computes nothing else
    std::uint32_t weight = 0;
    bool takes_constants = true;
  };
  struct OfOp {
    bool seen = false;
    std::optional<std::uint64_t> full;  ///< the number, if the op fills a tensor with it
    /// Positions in `programs_`, the last found at the front: successive nodes have operands of few
    /// types.
    std::vector<std::uint32_t> programs;
  };
  struct OfType {
    std::int64_t elements = 0;
    std::uint32_t shape = no_node;  ///< its number, once it has been asked for
  };

  void mark_read();
  void classify(std::uint32_t node);
  void classify_op(std::uint32_t node, const Op& op);
  std::uint32_t find_program(std::uint32_t node, const Op& op, OfOp& of_op);
  static void add_cost(ForTypes& found);
  void classify_reshape(std::uint32_t node, const Edge& operand);
  void find_shape(std::uint32_t node);
  void find_flat(std::uint32_t node);
  bool computes_fill(std::uint32_t node, const Program& program);
  void set_fill(std::uint32_t node, std::uint64_t bits);

  const GraphData& graph_;
  std::vector<std::uint32_t> nodes_;
  std::vector<Facts> facts_;  ///< by node
  std::vector<OfOp> ops_;
  std::vector<ForTypes> programs_;
  std::vector<OfType> types_;
  Interned<Shape, ShapeHash> shapes_;
  std::vector<std::int64_t> elements_of_shape_;
  std::vector<Edge> reshaped_;        ///< what reshapes read
  std::vector<std::uint64_t> fills_;  ///< the numbers of fills
  std::vector<Type> in_;
  std::vector<std::uint32_t> in_types_;
};

}  // namespace dagrad::detail
