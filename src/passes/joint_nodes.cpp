#include "src/passes/joint_nodes.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <unordered_map>
#include <utility>

#include "dagrad/ops/create.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "src/graph/rewriting.hpp"

namespace dagrad::detail {

namespace {

class Joining {
 public:
  Joining(const GraphData& from, std::string_view pass, JointNodes& groups)
      : from_(from),
        groups_(groups),
        rewriting_(from, pass, Retypes::none),
        done_(groups.nodes().empty() ? 0 : groups.nodes().back() + 1) {}

  Rewritten run() && {
    std::uint32_t last_ordered = no_node;
    for (const std::uint32_t node : groups_.nodes()) {
      if (!groups_.is_ordered(node)) continue;
      if (last_ordered != no_node) previous_ordered_[node] = last_ordered;
      last_ordered = node;
    }
    for (const std::uint32_t node : groups_.nodes()) make_due(node);
    return std::move(rewriting_).finish();
  }

 private:
  /// Makes what must be made now, even if nothing has asked for it.
  void make_due(std::uint32_t node) {
    const std::uint32_t group = groups_.group_of(node);
    if (group == JointNodes::none) {
      if (groups_.is_kept(node)) make(node);
    } else if (node == groups_.place(group)) {
      for (const std::uint32_t member : groups_.members(group))
        if (groups_.group_of(member) == group && !done_[member]) make(member);
    }
  }

  /// Makes a node, or its group, after what it reads.
  void make(std::uint32_t node) {
    open_.assign(1, node);
    while (!open_.empty()) {
      const std::uint32_t now = open_.back();
      if (!done_[now]) {
        const JointOp* const joint = joint_op(now);
        const std::size_t waiting = open_.size();
        open_operands(now, joint);
        if (open_.size() > waiting) continue;
        joint != nullptr ? join(groups_.group_of(now)) : copy(now);
      }
      open_.pop_back();
    }
  }

  /// The op of a node's group; null if the node is copied.
  const JointOp* joint_op(std::uint32_t node) {
    const std::uint32_t group = groups_.group_of(node);
    if (group == JointNodes::none) return nullptr;
    const auto [at, is_new] = pending_.try_emplace(group);
    if (is_new) at->second = groups_.joint_op(group);
    return at->second ? &*at->second : nullptr;
  }

  void open_operands(std::uint32_t node, const JointOp* joint) {
    const auto open = [&](const Edge& operand) {
      if (!operand.type_only && !done_[operand.node]) open_.push_back(operand.node);
    };
    if (joint != nullptr) {
      for (const JointOperand& operand : joint->operands) open(operand.value);
      return;
    }
    std::ranges::for_each(from_.operands_of(node), open);
    if (const auto at = previous_ordered_.find(node); at != previous_ordered_.end())
      open(Edge(at->second, 0, false));
  }

  void join(std::uint32_t group) {
    const auto members = groups_.members(group);
    const JointOp joint = *std::move(pending_.extract(group).mapped());
    std::uint32_t made = no_node;
    std::span<const Edge> rest = joint.results;
    // The last node is made first: it gives the joint one its place and its role in a gradient.
    for (auto at = members.rbegin(); at != members.rend(); ++at) {
      if (groups_.group_of(*at) != group) continue;
      const std::span<const Edge> own = take_last(rest, *at);
      if (made != no_node && own.empty()) {
        rewriting_.join_made(*at, made, {});
      } else {
        rewriting_.make_for(*at, [&] {
          if (made == no_node) made = append(joint);
          rewriting_.join(
              *at, made,
              results(*at, own, Edge(made, static_cast<std::uint32_t>(rest.size()), false)));
        });
      }
      done_[*at] = true;
    }
    auto port = static_cast<std::uint32_t>(joint.results.size());
    for (const std::uint32_t node : joint.parts_of) parts_.emplace(node, Edge(made, port++, false));
  }

  std::uint32_t append(const JointOp& joint) {
    operands_.clear();
    for (const JointOperand& operand : joint.operands)
      operands_.push_back(reshaped(
          operand.part_of == no_node ? *rewriting_.find(operand.value) : parts_.at(operand.part_of),
          *operand.shape));
    for (const ScalarOperand& number : joint.scalars) operands_.push_back(constant(number));
    return append_node(Access::data(rewriting_.graph()), joint.op, operands_, {});
  }

  /// Takes the results of a node from the end of the list of its joint node.
  static std::span<const Edge> take_last(std::span<const Edge>& list, std::uint32_t node) {
    std::size_t before = list.size();
    while (before > 0 && list[before - 1].node == node) --before;
    const std::span<const Edge> taken = list.subspan(before);
    list = list.first(before);
    return taken;
  }

  /// The results of a node in their shapes: some of those of the joint node, from `first` on.
  std::span<const Edge> results(std::uint32_t node, std::span<const Edge> own, const Edge& first) {
    results_.assign(from_.types_of(node).size(), Edge(no_node, 0, false));
    for (std::uint32_t i = 0; i < own.size(); ++i)
      results_[own[i].port] =
          reshaped(Edge(first.node, first.port + i, false), from_.type(own[i]).shape);
    return results_;
  }

  /// A value of the new graph in another shape, or the value itself if it has that shape.
  Edge reshaped(const Edge& value, const Shape& shape) {
    GraphData& to = Access::data(rewriting_.graph());
    if (to.type(value).shape == shape) return value;
    const std::array operands{value};
    return Edge(append_node(to, Reshape{{shape.begin(), shape.end()}}, operands, {}), 0, false);
  }

  void copy(std::uint32_t node) {
    const auto operands = from_.operands_of(node);
    const auto is_known = [&](const Edge& edge) {
      return !edge.type_only || rewriting_.find(edge);
    };
    rewriting_.make_for(node, [&] {
      if (std::ranges::all_of(operands, is_known)) return rewriting_.copy(node);
      std::vector<Edge> edges;
      for (const Edge& edge : operands)
        edges.push_back(is_known(edge) ? *rewriting_.find(edge) : stand_in(from_.type(edge)));
      rewriting_.copy(node, from_.ops[from_.records[node].op].op, edges);
    });
    done_[node] = true;
  }

  Edge constant(const ScalarOperand& number) {
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

  const GraphData& from_;
  JointNodes& groups_;
  Rewriting rewriting_;
  std::vector<bool> done_;  ///< by node
  /// By group, until it is made; empty for one whose nodes are copied.
  std::unordered_map<std::uint32_t, std::optional<JointOp>> pending_;
  std::unordered_map<std::uint32_t, Edge> parts_;  ///< by node, in the new graph
  std::unordered_map<std::uint32_t, std::uint32_t> previous_ordered_;
  std::map<std::pair<std::uint64_t, DType>, std::uint32_t> constants_;
  std::unordered_map<Type, std::uint32_t, TypeHash> stand_ins_;
  std::vector<std::uint32_t> open_;
  std::vector<Edge> operands_, results_;
};

}  // namespace

ProgramPtr formula_of(const GraphData& graph, std::uint32_t node, std::size_t most) {
  if (graph.records[node].kind != NodeKind::op) return nullptr;
  const Op& op = graph.ops[graph.records[node].op].op;
  const OpTraits& traits = op.traits();
  const auto operands = graph.operands_of(node);
  if (!traits.elementwise || traits.ordered || traits.has_validate || traits.type_only != 0 ||
      operands.size() > most || graph.types_of(node).size() > most)
    return nullptr;
  std::vector<Type> in;
  for (const Edge& edge : operands) in.push_back(graph.type(edge));
  ProgramPtr program = op->program(in);
  return program && program->inputs.size() == operands.size() ? program : nullptr;
}

Rewritten join_nodes(const GraphData& from, std::string_view pass, JointNodes& groups) {
  return Joining(from, pass, groups).run();
}

}  // namespace dagrad::detail
