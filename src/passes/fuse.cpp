#include "dagrad/passes/fuse.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "dagrad/ops/create.hpp"
#include "src/graph/rewriting.hpp"
#include "src/passes/fused_op.hpp"

namespace dagrad {

namespace {

using detail::Edge, detail::FusedOp, detail::FusedOps, detail::FusibleNodes, detail::FusionGroups,
    detail::Scalar;
using Kind = FusibleNodes::Kind;

/// Makes the new graph: each node once the nodes that it reads are there, and each group of nodes
/// as one, at the latest in the place of its last node.
class Fusing {
 public:
  Fusing(const detail::GraphData& from, std::span<const Value> values)
      : from_(from),
        nodes_(from, values),
        groups_(from, nodes_),
        ops_(from, nodes_, groups_),
        rewriting_(from, "fuse", detail::Retypes::none),
        done_(nodes_.nodes().empty() ? 0 : nodes_.nodes().back() + 1) {
    for (std::uint32_t group = 0; group < groups_.size(); ++group)
      refused_.push_back(groups_.members(group).size() == 1);
  }

  Rewritten run() && {
    std::uint32_t last_ordered = detail::no_node;
    for (const std::uint32_t node : nodes_.nodes()) {
      if (!nodes_.is_ordered(node)) continue;
      previous_ordered_[node] = std::exchange(last_ordered, node);
    }
    for (const std::uint32_t node : nodes_.nodes()) make_due(node);
    return std::move(rewriting_).finish();
  }

 private:
  /// Makes what must be made now, even if nothing has asked for it.
  void make_due(std::uint32_t node) {
    const Kind kind = nodes_.kind(node);
    if (kind == Kind::unused || (kind == Kind::fill && !nodes_.is_requested(node))) return;
    if (groups_.of(node) == FusionGroups::none) return make(node);
    const auto members = groups_.members(groups_.of(node));
    if (node == members.back())
      for (const std::uint32_t member : members) make(member);
  }
  bool is_joined(std::uint32_t node) const {
    return groups_.of(node) != FusionGroups::none && !refused_[groups_.of(node)];
  }

  /// Makes a node, or its group, after what it reads.
  void make(std::uint32_t node) {
    open_.assign(1, node);
    while (!open_.empty()) {
      const std::uint32_t now = open_.back();
      if (done_[now]) {
        open_.pop_back();
        continue;
      }
      const std::size_t waiting = open_.size();
      open_operands(now);
      if (open_.size() > waiting) continue;
      open_.pop_back();
      is_joined(now) ? join(groups_.of(now)) : copy(now);
    }
  }

  void open_operands(std::uint32_t node) {
    const auto open = [&](std::uint32_t operand) {
      if (!done_[operand]) open_.push_back(operand);
    };
    if (is_joined(node)) {
      if (const std::optional<FusedOp>& fused = fused_op(groups_.of(node))) {
        for (const Edge& edge : fused->operands) open(edge.node);
        return;
      }
      refused_[groups_.of(node)] = true;
    }
    for (const Edge& edge : from_.operands_of(node))
      if (!edge.type_only) open(edge.node);
    if (const auto at = previous_ordered_.find(node);
        at != previous_ordered_.end() && at->second != detail::no_node)
      open(at->second);
  }

  const std::optional<FusedOp>& fused_op(std::uint32_t group) {
    const auto [at, is_new] = pending_.try_emplace(group);
    if (is_new) at->second = ops_.make(group);
    return at->second;
  }

  void join(std::uint32_t group) {
    const auto members = groups_.members(group);
    const FusedOp fused = *std::move(pending_.extract(group).mapped());
    std::uint32_t joint = detail::no_node;
    // The last node is made first: it gives the joint one its place and its role in a gradient.
    for (auto at = members.rbegin(); at != members.rend(); ++at) {
      rewriting_.make_for(*at, [&] {
        if (joint == detail::no_node) joint = append(fused);
        rewriting_.join(*at, joint, ports(*at, fused));
      });
      done_[*at] = true;
    }
  }

  std::uint32_t append(const FusedOp& fused) {
    std::vector<Edge> operands;
    for (const Edge& edge : fused.operands) operands.push_back(*rewriting_.find(edge));
    for (const Scalar& number : fused.scalars) operands.push_back(constant(number));
    return detail::append_node(detail::Access::data(rewriting_.graph()), fused.op, operands, {});
  }

  /// The results of the joint node that are those of one of its nodes.
  std::span<const std::uint32_t> ports(std::uint32_t node, const FusedOp& fused) {
    ports_.assign(from_.types_of(node).size(), detail::no_node);
    for (std::uint32_t i = 0; i < fused.results.size(); ++i)
      if (fused.results[i].node == node) ports_[fused.results[i].port] = i;
    return ports_;
  }

  void copy(std::uint32_t node) {
    const auto operands = from_.operands_of(node);
    const auto is_known = [&](const Edge& edge) {
      return !edge.type_only || rewriting_.find(edge);
    };
    rewriting_.make_for(node, [&] {
      if (std::all_of(operands.begin(), operands.end(), is_known)) return rewriting_.copy(node);
      std::vector<Edge> edges;
      for (const Edge& edge : operands)
        edges.push_back(is_known(edge) ? *rewriting_.find(edge) : stand_in(from_.type(edge)));
      rewriting_.copy(node, from_.ops[from_.records[node].op].op, edges);
    });
    done_[node] = true;
  }

  Edge constant(const Scalar& number) {
    const auto [at, is_new] = constants_.try_emplace({number.bits, number.dtype}, 0);
    if (is_new) {
      Tensor tensor(Type{number.dtype, {}});
      std::memcpy(tensor.mutable_view().data, &number.bits, size_of(number.dtype));
      at->second = rewriting_.graph().constant(tensor).node_id();
    }
    return Edge(at->second, 0, false);
  }

  /// A value of that type, which no step computes: an operand of which only the type is used, and
  /// whose value is not stored.
  Edge stand_in(const Type& type) {
    const auto [at, is_new] = stand_ins_.try_emplace(type, 0);
    if (is_new) at->second = full(rewriting_.graph(), type, 0).node_id();
    return Edge(at->second, 0, true);
  }

  const detail::GraphData& from_;
  const FusibleNodes nodes_;
  const FusionGroups groups_;
  FusedOps ops_;
  detail::Rewriting rewriting_;
  std::vector<bool> done_;     ///< by node
  std::vector<bool> refused_;  ///< by group: whether its nodes are copied one by one
  std::unordered_map<std::uint32_t, std::optional<FusedOp>> pending_;  ///< by group
  std::unordered_map<std::uint32_t, std::uint32_t> previous_ordered_;
  std::map<std::pair<std::uint64_t, DType>, std::uint32_t> constants_;
  std::unordered_map<Type, std::uint32_t, detail::TypeHash> stand_ins_;
  std::vector<std::uint32_t> open_, ports_;
};

}  // namespace

PassResult fuse(const Graph& graph, std::span<const Value> values) {
  return Fusing(detail::Access::data(graph), values).run();
}

}  // namespace dagrad
