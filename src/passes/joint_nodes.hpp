#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dagrad/rewrite.hpp"
#include "src/graph/data.hpp"

namespace dagrad::detail {

/// A scalar operand that is no value of the old graph.
struct ScalarOperand {
  DType dtype;
  std::uint64_t bits;
  friend bool operator==(const ScalarOperand&, const ScalarOperand&) = default;
};

/// An operand of an op that computes several nodes: a value of the old graph, reshaped if it has
/// another shape. If `part_of` is a node, the part of this that has been computed early takes the
/// place of the value.
struct JointOperand {
  Edge value;
  const Shape* shape;  ///< of a type of the old graph, or a constant
  std::uint32_t part_of = 0xffffffff;
};

/// An op that computes all nodes of a group. Its operands are values of the old graph, followed by
/// scalars. Its results are reshaped where the values that they stand for have other shapes; after
/// them come parts of later nodes.
struct JointOp {
  Op op;
  std::vector<JointOperand> operands;
  std::vector<Edge> results;  ///< in the old graph, in the order of its nodes
  std::vector<ScalarOperand> scalars;
  std::vector<std::uint32_t> parts_of;  ///< nodes
};

/// What a pass has decided about the nodes of a graph: which of them become one. No path may leave
/// a group and return to it.
class JointNodes {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  virtual ~JointNodes() = default;
  /// The nodes that are needed, operands first.
  virtual std::span<const std::uint32_t> nodes() const = 0;
  /// Ordered nodes keep their order.
  virtual bool is_ordered(std::uint32_t node) const = 0;
  /// Whether a node is copied even if no node of the new graph reads it.
  virtual bool is_kept(std::uint32_t node) const = 0;
  /// The group of a node, or `none`.
  virtual std::uint32_t group_of(std::uint32_t node) const = 0;
  /// The nodes of a group, operands first, and perhaps some before its last that do not belong to
  /// it.
  virtual std::span<const std::uint32_t> members(std::uint32_t group) const = 0;
  /// The node in whose place a group is made at the latest.
  virtual std::uint32_t place(std::uint32_t group) const { return members(group).back(); }
  /// The op of a group; empty if there is none that computes it, so that its nodes are copied.
  virtual std::optional<JointOp> joint_op(std::uint32_t group) = 0;
};

/// Groups whose ops are made when they are found. A group is made in the place of its first node,
/// which reads all that the group does, so that operands are not needed for longer.
class FoundGroups : public JointNodes {
 public:
  bool any() const { return !groups_.empty(); }
  bool is_kept(std::uint32_t) const override { return true; }
  std::uint32_t group_of(std::uint32_t node) const override { return group_[node]; }
  std::span<const std::uint32_t> members(std::uint32_t group) const override {
    return groups_[group].members;
  }
  std::uint32_t place(std::uint32_t group) const override { return groups_[group].members[0]; }
  std::optional<JointOp> joint_op(std::uint32_t group) override { return groups_[group].op; }

 protected:
  explicit FoundGroups(std::span<const std::uint32_t> nodes)
      : group_(nodes.empty() ? 0 : nodes.back() + 1, none) {}
  /// Adds a group; its members are sorted.
  void add_group(std::vector<std::uint32_t> members, JointOp op) {
    for (const std::uint32_t member : members)
      group_[member] = static_cast<std::uint32_t>(groups_.size());
    groups_.push_back({std::move(members), std::move(op)});
  }

 private:
  struct Group {
    std::vector<std::uint32_t> members;
    JointOp op;
  };

  std::vector<std::uint32_t> group_;  ///< by node
  std::vector<Group> groups_;
};

/// The formula of an elementwise node, for an op that computes it in another way. Null if the node
/// is not elementwise, if the op does more than its formula says, or if there are more than `most`
/// operands or results.
ProgramPtr formula_of(const GraphData& graph, std::uint32_t node, std::size_t most);

/// Makes a graph in which each group is one node. Nodes are made once what they read is there, and
/// a group at the latest in its place. `pass` appears in errors.
Rewritten join_nodes(const GraphData& from, std::string_view pass, JointNodes& groups);

}  // namespace dagrad::detail
