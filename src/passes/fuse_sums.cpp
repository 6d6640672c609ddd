#include "dagrad/passes/fuse_sums.hpp"

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>

#include "src/passes/changes.hpp"
#include "src/passes/joint_nodes.hpp"
#include "src/passes/limits.hpp"
#include "src/passes/row_nodes.hpp"
#include "src/passes/sum_layout.hpp"
#include "src/passes/user_levels.hpp"

namespace dagrad {

namespace {

using detail::Edge, detail::FoundGroups, detail::GraphData, detail::JointOp, detail::RowNodes,
    detail::SumLayout;

/// Which results of a formula are stored, and which sums of them its loop computes.
struct Summed {
  struct Sum {
    std::uint32_t node, port;  ///< the node that sums, and the result that it sums
    kernels::SummedAxes what;
  };
  std::vector<std::uint32_t> stored;  ///< results of the formula
  std::vector<Sum> sums;
};

/// The axes that a sum does not keep: all that it sums, or only the first ones, where it sums to a
/// shape.
std::uint32_t dropped_axes(std::uint32_t summed, const Shape& in, const Shape& out) {
  const int dropped = in.rank() - out.rank();
  return dropped == std::popcount(summed) ? summed : (1U << dropped) - 1;
}

/// Finds elementwise nodes whose results are summed.
class SummedNodes final : public FoundGroups {
 public:
  SummedNodes(const GraphData& graph, std::span<const Value> values)
      : SummedNodes(graph, RowNodes(graph, values)) {}

  std::span<const std::uint32_t> nodes() const override { return nodes_.nodes(); }
  bool is_ordered(std::uint32_t node) const override { return nodes_.is_ordered(node); }

 private:
  struct Use {
    std::uint32_t node, port;
    bool fits;  ///< whether tiles could compute the user together with the result
    std::optional<kernels::SummedAxes> sum;  ///< what the user sums, if it does nothing else
  };

  SummedNodes(const GraphData& graph, RowNodes nodes)
      : FoundGroups(nodes.nodes()), graph_(graph), nodes_(std::move(nodes)) {
    for (const std::uint32_t node : nodes_.nodes()) note_uses(node);
    for (const std::uint32_t node : nodes_.nodes())
      if (uses_.contains(node)) find_group(node);
  }

  const Op* op_of(std::uint32_t node) const {
    return graph_.records[node].kind == NodeKind::op ? &graph_.ops[graph_.records[node].op].op
                                                     : nullptr;
  }
  void note_uses(std::uint32_t node);
  bool is_for_tiles(std::uint32_t node) const;
  std::optional<kernels::SummedAxes> sum_in(std::uint32_t node) const;
  Summed choose(std::uint32_t node, std::span<const Type> in) const;
  void find_group(std::uint32_t node);
  JointOp joint(std::uint32_t node, const Program& formula, const Summed& summed) const;

  const GraphData& graph_;
  const RowNodes nodes_;
  std::unordered_map<std::uint32_t, std::vector<Use>> uses_;  ///< by large elementwise node
};

void SummedNodes::note_uses(std::uint32_t node) {
  if (!nodes_.is_read(node)) return;
  const auto operands = graph_.operands_of(node);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const Edge& edge = operands[i];
    const Op* const op = op_of(edge.node);
    if (edge.type_only || op == nullptr || !op->traits().elementwise ||
        !RowNodes::is_large(graph_.types_of(edge.node)[0]))
      continue;
    uses_[edge.node].push_back({node, edge.port, nodes_.fit(node, i), sum_in(node)});
  }
}

/// What a node sums; empty if it does something else.
std::optional<kernels::SummedAxes> SummedNodes::sum_in(std::uint32_t node) const {
  const Op* const op = op_of(node);
  if (op == nullptr) return {};
  std::vector<Type> in;
  for (const Edge& edge : graph_.operands_of(node)) in.push_back(graph_.type(edge));
  return kernels::summed_axes(*op, in);
}

/// Whether tiles can compute a node together with an operand or with a user that is not a sum.
bool SummedNodes::is_for_tiles(std::uint32_t node) const {
  for (std::size_t i = 0; i < graph_.operands_of(node).size(); ++i)
    if (nodes_.fit(node, i)) return true;
  return std::ranges::any_of(uses_.at(node), [](const Use& use) { return use.fits && !use.sum; });
}

/// Chooses the sums that one loop can compute. None if tiles could compute more of them.
Summed SummedNodes::choose(std::uint32_t node, std::span<const Type> in) const {
  const auto results = graph_.types_of(node);
  std::uint32_t stored = nodes_.requested(node);
  std::vector<SumLayout::Request> requests;
  std::vector<const Use*> requested;
  const auto store = [&](const Use& use) { stored |= detail::result_bit(use.port); };
  for (const Use& use : uses_.at(node)) {
    if (!use.sum) {
      store(use);
      continue;
    }
    requests.push_back({requested.size(), results[use.port].dtype, *use.sum});
    requested.push_back(&use);
  }
  const std::vector<bool> joined = SumLayout(in, results[0].shape, requests.size()).sum(requests);
  Summed summed;
  for (std::size_t i = 0; i < requested.size(); ++i) {
    const Use& use = *requested[i];
    if (joined[i]) {
      summed.sums.push_back({use.node, use.port, *use.sum});
    } else {
      if (use.fits) return {};
      store(use);
    }
  }
  for (std::uint32_t port = 0; port < results.size(); ++port)
    if ((stored & detail::result_bit(port)) != 0) summed.stored.push_back(port);
  std::ranges::sort(summed.sums, {}, &Summed::Sum::node);
  return summed;
}

void SummedNodes::find_group(std::uint32_t node) {
  if (is_for_tiles(node)) return;
  const ProgramPtr formula = detail::formula_of(graph_, node, FormulaWithSums::most_operands / 2);
  if (!formula || formula->steps.size() > detail::most_steps_with_sums) return;
  std::vector<Type> in;
  for (const Edge& edge : graph_.operands_of(node)) in.push_back(graph_.type(edge));
  const Summed summed = choose(node, in);
  if (summed.sums.empty()) return;
  std::vector<std::uint32_t> members{node};
  for (const Summed::Sum& sum : summed.sums) members.push_back(sum.node);
  add_group(std::move(members), joint(node, *formula, summed));
}

JointOp SummedNodes::joint(std::uint32_t node, const Program& formula, const Summed& summed) const {
  JointOp joint;
  for (const Edge& edge : graph_.operands_of(node))
    joint.operands.push_back({Edge(edge.node, edge.port, false), &graph_.type(edge).shape});
  Recorder recorder;
  std::vector<Symbol> in, chosen;
  for (const DType dtype : formula.inputs) in.push_back(recorder.input(dtype));
  const std::vector<Symbol> results = inline_program(recorder, formula, in);
  FormulaWithSums op;
  for (const std::uint32_t port : summed.stored) {
    chosen.push_back(results[port]);
    op.axes.push_back(0), op.dropped.push_back(0), op.divisors.push_back(1);
    joint.results.emplace_back(node, port, false);
  }
  for (const Summed::Sum& sum : summed.sums) {
    chosen.push_back(results[sum.port]);
    op.axes.push_back(sum.what.axes), op.divisors.push_back(sum.what.divisor);
    op.dropped.push_back(dropped_axes(sum.what.axes, graph_.types_of(node)[0].shape,
                                      graph_.types_of(sum.node)[0].shape));
    joint.results.emplace_back(sum.node, 0, false);
  }
  op.formula = std::move(recorder).finish(chosen, f64);
  joint.op = std::move(op);
  return joint;
}

}  // namespace

detail::Change detail::sum_groups(const Graph& graph, std::span<const Value> values) {
  const GraphData& from = Access::data(graph);
  if (!RowNodes::have_large_values(from)) return {};
  SummedNodes nodes(from, values);
  return nodes.any() ? Change(join_nodes(from, "fuse_sums", nodes)) : Change();
}

PassResult fuse_sums(const Graph& graph, std::span<const Value> values) {
  return detail::or_copy(detail::sum_groups(graph, values), graph, values);
}

}  // namespace dagrad
