#include "dagrad/passes/fuse.hpp"

#include <algorithm>

#include "src/passes/changes.hpp"
#include "src/passes/fused_op.hpp"

namespace dagrad {

namespace {

using detail::FusibleNodes, detail::FusionGroups, detail::JointNodes, detail::JointOp;

/// The groups of elementwise nodes.
class FusedNodes final : public JointNodes {
 public:
  FusedNodes(const detail::GraphData& graph, std::span<const Value> values)
      : nodes_(graph, values), groups_(graph, nodes_), ops_(graph, nodes_, groups_) {}

  /// Whether there is anything to change: a group, or a value of which only the type is used.
  bool any() const {
    return groups_.size() > 0 || std::ranges::any_of(nodes_.nodes(), [&](std::uint32_t node) {
             return nodes_.kind(node) == FusibleNodes::Kind::unused;
           });
  }

  std::span<const std::uint32_t> nodes() const override { return nodes_.nodes(); }
  bool is_ordered(std::uint32_t node) const override { return nodes_.is_ordered(node); }
  bool is_kept(std::uint32_t node) const override {
    using Kind = FusibleNodes::Kind;
    const Kind kind = nodes_.kind(node);
    return kind == Kind::fill || kind == Kind::reshape ? nodes_.is_requested(node)
                                                       : kind != Kind::unused;
  }
  std::uint32_t group_of(std::uint32_t node) const override { return groups_.of(node); }
  std::span<const std::uint32_t> members(std::uint32_t group) const override {
    return groups_.members(group);
  }
  std::optional<JointOp> joint_op(std::uint32_t group) override { return ops_.make(group); }

 private:
  const FusibleNodes nodes_;
  const FusionGroups groups_;
  detail::FusedOps ops_;
};

}  // namespace

detail::Change detail::fuse_groups(const Graph& graph, std::span<const Value> values) {
  const GraphData& from = Access::data(graph);
  FusedNodes nodes(from, values);
  return nodes.any() ? Change(join_nodes(from, "fuse", nodes)) : Change();
}

PassResult fuse(const Graph& graph, std::span<const Value> values) {
  return detail::or_copy(detail::fuse_groups(graph, values), graph, values);
}

}  // namespace dagrad
