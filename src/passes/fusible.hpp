#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
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
    elementwise  ///< may be joined with others
  };

  /// Throws GraphError if a value belongs to another graph.
  FusibleNodes(const GraphData& graph, std::span<const Value> values);

  /// The nodes that the values need, operands first. Some may be unused.
  const std::vector<std::uint32_t>& nodes() const { return nodes_; }
  Kind kind(std::uint32_t node) const { return facts_[node].kind; }
  /// Whether the node's results are among the values.
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
  /// A number for the shape of the node's results, the same for equal shapes.
  std::uint32_t shape(std::uint32_t node) const { return facts_[node].shape; }
  /// Whether two nodes can be computed by one loop.
  bool fit(std::uint32_t a, std::uint32_t b) const {
    return kind(a) == Kind::elementwise && kind(b) == Kind::elementwise && shape(a) == shape(b);
  }
  /// Whether the edge stands for elements that are read where its user is computed.
  bool is_read(const Edge& edge) const { return !edge.type_only && kind(edge.node) != Kind::fill; }

 private:
  struct Facts {
    Kind kind = Kind::unused;
    bool requested = false, ordered = false, takes_constants = false;
    std::uint32_t weight = 0, shape = 0;
    std::uint64_t fill = 0;
  };
  struct Cost {
    std::uint32_t weight = 0;
    bool takes_constants = true;
  };

  void mark_read();
  void classify(std::uint32_t node);
  void classify_op(std::uint32_t node, const Op& op);
  bool computes_fill(std::uint32_t node, const Program& program);
  void set_fill(std::uint32_t node, std::uint64_t bits);
  const Cost& cost(const Program& program);

  const GraphData& graph_;
  std::vector<std::uint32_t> nodes_;
  std::vector<Facts> facts_;          ///< by node
  std::vector<ProgramPtr> programs_;  ///< by node
  std::unordered_map<const Program*, Cost> costs_;
  Interned<Shape, ShapeHash> shapes_;
  std::vector<Type> in_;
};

}  // namespace dagrad::detail
