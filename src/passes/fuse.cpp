#include "dagrad/passes/fuse.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "src/passes/changes.hpp"
#include "src/passes/fused_op.hpp"

namespace dagrad {

namespace {

using detail::FusibleNodes, detail::FusionGroups, detail::JointNodes, detail::JointOp;

/// The groups of elementwise nodes.
class FusedNodes final : public JointNodes {
 public:
  FusedNodes(const detail::GraphData& graph, std::span<const Value> values)
      : nodes_(graph, values),
        groups_(graph, nodes_),
        parts_(graph, nodes_, groups_),
        ops_(graph, nodes_, groups_, parts_) {
    make_divided();
  }

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
  std::optional<JointOp> joint_op(std::uint32_t group) override {
    const auto at = made_.find(group);
    return at == made_.end() ? ops_.make(group) : std::optional(std::move(at->second));
  }

 private:
  /// Makes the groups that divide nodes among them. All must become one op, or no node is divided.
  void make_divided() {
    for (const std::uint32_t group : parts_.groups()) {
      std::optional<JointOp> made = ops_.make(group);
      if (!made) {
        made_.clear();
        return parts_.forget();
      }
      made_.emplace(group, *std::move(made));
    }
  }

  const FusibleNodes nodes_;
  const FusionGroups groups_;
  detail::EarlyParts parts_;
  detail::FusedOps ops_;
  std::unordered_map<std::uint32_t, JointOp> made_;  ///< by group
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
