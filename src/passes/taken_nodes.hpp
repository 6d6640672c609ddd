#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "src/graph/rewriting.hpp"
#include "src/passes/node_uses.hpp"
#include "src/passes/selection.hpp"

namespace dagrad {
class Runtime;
}

namespace dagrad::detail {

/// A `take` of elements that are computed by elementwise nodes, slices, pads and the like, and how
/// to compute only these elements, from taken elements of operands.
class TakenNodes {
 public:
  /// Constants are computed for `runtime`, as by `fold_constants`.
  TakenNodes(const GraphData& graph, const NodeUses& uses, std::uint32_t take, Runtime* runtime);

  /// Whether an op takes elements.
  static bool is_for(const Op& op);
  /// Whether a node with such an op takes many elements of a computed vector by constant indices.
  /// Other nodes need no closer look.
  static bool may_pay(const GraphData& graph, std::uint32_t node);
  /// Whether that pays.
  bool pay() const { return pays_; }
  /// Appends the nodes that compute the elements, and returns these.
  Value append(Rewriting& rewriting) const;

 private:
  enum class Kind : std::uint8_t {
    source,  ///< is computed as a whole, and its elements are taken
    moved,   ///< is an element of its operand, or zero
    computed
  };
  /// Some elements of a value.
  struct Elements {
    std::uint32_t node, port;
    Selection selection;
    Kind kind = Kind::source;
    std::vector<std::size_t> operands = {};  ///< indices of elements
    std::optional<Tensor> inside = {};       ///< of moved ones: which are not zero
    std::optional<Tensor> known = {};        ///< if they are constants
    std::size_t users = 0;                   ///< other elements whose operands they are
    bool is_read = false;                    ///< whether any of these is computed in a run
  };

  bool collect();
  std::size_t add(const Edge& edge, Selection selection);
  void expand(std::size_t at);
  void pass(std::size_t at, const Op& op, const Edge& x);
  bool is_passed(std::uint32_t node);
  bool moves(std::uint32_t node) const;
  bool computes(std::uint32_t node);
  void find_known(Elements& elements);
  std::optional<Tensor> known(const Elements& elements) const;
  std::optional<Tensor> known_source(const Elements& elements) const;
  bool are_few() const;
  Value append(Rewriting& rewriting, const Elements& elements, std::span<const Value> made) const;

  const Op& op_of(std::uint32_t node) const { return graph_.ops[graph_.records[node].op].op; }
  bool is_op(std::uint32_t node) const { return graph_.records[node].kind == NodeKind::op; }
  bool is_constant(std::uint32_t node) const {
    return graph_.records[node].kind == NodeKind::constant;
  }
  const Type& type_of(const Elements& elements) const {
    return graph_.types_of(elements.node)[elements.port];
  }

  const GraphData& graph_;
  const NodeUses& uses_;
  const std::uint32_t take_;
  Runtime* const runtime_;
  std::int64_t count_ = 0;  ///< of elements
  std::optional<Selections> selections_;
  std::vector<Elements> all_;  ///< first those that are taken
  std::map<std::uint32_t, std::vector<std::size_t>, std::greater<>> of_node_;
  std::unordered_map<std::uint32_t, std::uint32_t> uses_inside_;  ///< by node
  std::size_t again_ = 0;  ///< steps of nodes that are computed more often than before
  bool pays_ = false;
};

}  // namespace dagrad::detail
