#include "src/passes/fused_op.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "dagrad/ops/create.hpp"
#include "dagrad/traced.hpp"
#include "src/program/primitives.hpp"

namespace dagrad::detail {

namespace {

using Kind = FusibleNodes::Kind;

// Loops keep the addresses of this many operands, and of as many results, without allocating.
constexpr std::size_t most_addresses = 32;

/// Records the formula of a group.
class GroupRecorder {
 public:
  GroupRecorder(const GraphData& graph, const FusibleNodes& nodes, const FusionGroups& groups,
                std::uint32_t group)
      : graph_(graph), nodes_(nodes), groups_(groups), group_(group) {}

  std::optional<FusedOp> run() {
    for (const std::uint32_t node : groups_.members(group_))
      if (!add(node)) return {};
    if (inputs_.size() > most_addresses || results_.size() > most_addresses ||
        !has_shape_of_group())
      return {};
    made_.op = Traced{"fused", std::move(recorder_).finish(results_, f64)};
    return std::move(made_);
  }

 private:
  bool add(std::uint32_t node) {
    const auto operands = graph_.operands_of(node);
    std::vector<Symbol> in;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      in.push_back(operands[i].type_only ? Symbol(0) : operand(operands[i], node));
      if (is_constant(in.back()) && !nodes_.takes_constants(node)) return false;
    }
    const std::vector<Symbol> out = inline_program(recorder_, nodes_.program(node), in);
    for (std::uint32_t port = 0; port < out.size(); ++port)
      if (groups_.is_stored(node, port)) {
        made_.results.emplace_back(node, port, false);
        results_.push_back(out[port]);
      }
    first_result_.push_back(inner_.size());
    inner_.insert(inner_.end(), out.begin(), out.end());
    return true;
  }

  Symbol operand(const Edge& edge, std::uint32_t user) {
    if (groups_.of(edge.node) == group_) return inner_[first_result_of(edge.node) + edge.port];
    if (nodes_.kind(edge.node) == Kind::fill && nodes_.takes_constants(user))
      return constant(edge.node);
    const auto same = [&](const Edge& other) {
      return other.node == edge.node && other.port == edge.port;
    };
    const auto known = std::find_if(made_.operands.begin(), made_.operands.end(), same);
    if (known != made_.operands.end())
      return inputs_[static_cast<std::size_t>(known - made_.operands.begin())];
    made_.operands.emplace_back(edge.node, edge.port, false);
    inputs_.push_back(recorder_.input(graph_.type(edge).dtype));
    return inputs_.back();
  }

  std::size_t first_result_of(std::uint32_t node) const {
    const auto members = groups_.members(group_);
    const auto at = std::lower_bound(members.begin(), members.end(), node);
    return first_result_[static_cast<std::size_t>(at - members.begin())];
  }

  Symbol constant(std::uint32_t node) {
    const auto& record = graph_.records[node];
    if (record.kind == NodeKind::constant) return constant(graph_.tensors[record.tensor]);
    if (const auto* full = graph_.ops[record.op].op.get_if<Full>()) return constant(full->value);
    const Program& program = nodes_.program(node);
    return inline_program(recorder_, program, std::vector<Symbol>(program.inputs.size(), 0))[0];
  }
  Symbol constant(const Tensor& element) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, element.data(), size_of(element.dtype()));
    return recorder_.constant(bits, element.dtype());
  }

  bool is_constant(const Symbol& x) const {
    return !x.is_literal() && recorder_.program().steps[x.step()].primitive == Primitive::constant;
  }

  /// Whether the operands broadcast to the shape of the group without those of which only the type
  /// is used and those that have become constants.
  bool has_shape_of_group() const {
    std::vector<Type> in;
    for (const Edge& edge : made_.operands) in.push_back(graph_.type(edge));
    return common_shape(in) == graph_.types_of(groups_.members(group_)[0])[0].shape;
  }

  const GraphData& graph_;
  const FusibleNodes& nodes_;
  const FusionGroups& groups_;
  const std::uint32_t group_;
  Recorder recorder_;
  std::vector<Symbol> inputs_;             ///< by operand of the group
  std::vector<Symbol> inner_;              ///< results of its nodes
  std::vector<std::size_t> first_result_;  ///< in `inner_`, by position in the group
  std::vector<Symbol> results_;
  FusedOp made_;
};

}  // namespace

std::optional<FusedOp> fused_op(const GraphData& graph, const FusibleNodes& nodes,
                                const FusionGroups& groups, std::uint32_t group) {
  return GroupRecorder(graph, nodes, groups, group).run();
}

}  // namespace dagrad::detail
