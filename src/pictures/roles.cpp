#include "src/pictures/roles.hpp"

#include <algorithm>

#include "dagrad/ops/arithmetic.hpp"
#include "dagrad/ops/reduce.hpp"
#include "dagrad/ops/shape_ops.hpp"
#include "dagrad/ops/structural.hpp"
#include "src/graph/data.hpp"

namespace dagrad::detail {

namespace {

/// The gradients of means divide a number by a count.
bool is_share(const Op& op) { return op.get_if<Div>(); }

bool is_passage(const Op& op) {
  return op.get_if<BroadcastLike>() || op.get_if<SumToLike>() || op.get_if<ReshapeLike>() ||
         op.get_if<Squeeze>() || op.get_if<Unsqueeze>();
}

class RoleFinder {
 public:
  RoleFinder(const Graph& graph, const ShownNodes& selection, const PictureOptions& options)
      : data_(Access::data(graph)), view_(graph), selection_(selection), options_(options) {}

  std::vector<Role> run() {
    std::vector<bool> used(view_.size());
    for (std::uint32_t id = 0; id < view_.size(); ++id)
      if (selection_.drawn[id])
        for (const Edge& edge : view_.operands(id)) used[edge.node] = true;
    roles_.assign(view_.size(), Role::node);
    for (std::uint32_t id = 0; id < view_.size(); ++id) {
      if (!selection_.drawn[id])
        roles_[id] = Role::absent;
      else if (used[id] && !selection_.kept[id])
        roles_[id] = role(id);
    }
    return std::move(roles_);
  }

 private:
  Role role(std::uint32_t id) const {
    const bool named = data_.names.user_given(id);
    if (view_.kind(id) == NodeKind::constant) {
      if (options_.constants == Constants::shared) return Role::node;
      const bool number = view_.type({id, 0, false}).elements() == 1 && !named;
      return number && options_.constants == Constants::written ? Role::number : Role::constant;
    }
    if (!options_.fold_shapes || named || view_.kind(id) != NodeKind::op) return Role::node;
    const auto operands = view_.operands(id);
    const bool type_only = std::all_of(operands.begin(), operands.end(),
                                       [](const Edge& edge) { return edge.type_only; });
    if (type_only && !operands.empty() && view_.results(id).size() == 1) return Role::number;
    if (is_share(view_.op(id)) && roles_[operands[0].node] == Role::number &&
        roles_[operands[1].node] == Role::number)
      return Role::number;
    if (!is_passage(view_.op(id))) return Role::node;
    if (roles_[operands[0].node] != Role::number) return Role::passage;
    return view_.op(id).get_if<SumToLike>() ? Role::node : Role::number;
  }

  const GraphData& data_;
  GraphView view_;
  const ShownNodes& selection_;
  const PictureOptions& options_;
  std::vector<Role> roles_;
};

}  // namespace

std::vector<Role> roles_of(const Graph& graph, const ShownNodes& selection,
                           const PictureOptions& options) {
  return RoleFinder(graph, selection, options).run();
}

std::string number_text(const GraphView& graph, std::uint32_t node) {
  while (is_passage(graph.op(node))) node = graph.operands(node)[0].node;
  if (graph.kind(node) == NodeKind::constant)
    return attribute_text(graph.tensor(node).reshaped({}));
  const Op& op = graph.op(node);
  if (is_share(op))
    return number_text(graph, graph.operands(node)[0].node) + "/" +
           number_text(graph, graph.operands(node)[1].node);
  if (const auto* full = op.get_if<FullLike>()) return attribute_text(full->value);
  if (const auto* count = op.get_if<CountLike>())
    return std::to_string(count->count(graph.type(graph.operands(node)[0]).shape) - count->less);
  return std::string(op.name());
}

bool sums(const GraphView& graph, std::uint32_t node) {
  return graph.op(node).get_if<SumToLike>() &&
         graph.type({node, 0, false}).shape != graph.type(graph.operands(node)[0]).shape;
}

}  // namespace dagrad::detail
