#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "src/passes/early_parts.hpp"
#include "src/passes/fusion_groups.hpp"
#include "src/passes/joint_nodes.hpp"

namespace dagrad::detail {

/// Makes the ops of groups. Groups of equal structure share one, which is recorded once.
class FusedOps {
 public:
  FusedOps(const GraphData& graph, const FusibleNodes& nodes, const FusionGroups& groups,
           const EarlyParts& parts)
      : graph_(graph), nodes_(nodes), groups_(groups), parts_(parts) {}

  /// Empty for a group that cannot be one op: if it reads too many values, or if no operand has its
  /// shape.
  std::optional<JointOp> make(std::uint32_t group);

 private:
  /// Where an operand of a node comes from.
  struct Source {
    enum class Kind : std::uint8_t { type_only, inner, outer, scalar, fill };
    Kind kind = Kind::type_only;
    /// Position among the results in the group, or among the operands or the scalars of its op; or
    /// a node.
    std::uint32_t at = 0;
  };
  using Key = std::vector<std::uint64_t>;
  struct Hash {
    std::size_t operator()(const Key& key) const noexcept;
  };

  void trace(std::uint32_t group);
  void trace_operands(std::uint32_t node, std::uint32_t group);
  void trace_early_part(std::uint32_t node, std::uint32_t group);
  void add(const Source& source);
  Source source(const Edge& edge, std::uint32_t user, std::uint32_t group);
  std::uint32_t operand(const Edge& edge, std::uint32_t user, std::uint32_t part_of);
  void add_to_key(const Source& source);
  DType dtype_of(const JointOperand& operand) const;
  std::uint32_t inner(const Edge& edge, std::uint32_t group) const;
  std::uint32_t shaped_node(std::uint32_t group) const;
  const Shape& shape() const { return graph_.types_of(shaped_)[0].shape; }
  bool operands_have_shape() const;
  Op record(std::uint32_t group) const;
  ScalarOperand scalar(std::uint32_t node) const {
    return {graph_.types_of(node)[0].dtype, nodes_.fill(node)};
  }

  const GraphData& graph_;
  const FusibleNodes& nodes_;
  const FusionGroups& groups_;
  const EarlyParts& parts_;
  /// By everything that the formula of a group depends on; empty if there is none.
  std::unordered_map<Key, Op, Hash> known_;

  // of the group that is traced
  std::uint32_t shaped_ = 0;  ///< a node that has the shape in which its op computes
  JointOp made_;              ///< without its op
  std::vector<Edge> read_;    ///< the values whose elements its operands are
  Key key_;
  std::vector<Source> sources_;              ///< of the operands of all nodes
  std::vector<std::uint32_t> first_result_;  ///< among all results in the group, by node
  std::vector<std::uint32_t> stored_;        ///< those results that the op has
};

}  // namespace dagrad::detail
