#include "src/gradient/call_rule.hpp"

#include <string>

#include "dagrad/ops/structural.hpp"

namespace dagrad::detail {

namespace {

/// The gradient that a rule returned for an operand, summed to its shape if the op broadcasts.
/// Shapes that are equal now may differ in a replay, so the sum is left out only if they must be
/// equal.
Value checked_gradient(const GraphData& graph, std::uint32_t node, std::size_t operand,
                       const Value& gradient) {
  const GraphView view(graph);
  const Edge edge = view.operands(node)[operand];
  const Op& op = view.op(node);
  const bool is_here = &Access::data(gradient) == &graph;
  if (is_here) {
    const Edge made(gradient.node_id(), gradient.port(), false);
    const bool same_type = view.type_index(made) == view.type_index(edge);
    const auto sure = [&] {
      return same_type &&
             (view.same_extent({node, 0, false}, edge) || view.same_extent(made, edge));
    };
    if (op.traits().broadcasts ? sure() : same_type) return gradient;
  }
  const Type want = view.type(edge), got = gradient.type();
  if (is_here && got.dtype == want.dtype && op.traits().broadcasts)
    return sum_to_like(gradient, view.value(edge.node, edge.port));
  throw GradientError("the rule of '" + std::string(op.name()) + "' returned " + to_string(got) +
                      " for operand " + std::to_string(operand) + ", which is " + to_string(want) +
                      "\n  " + place(view, node));
}

}  // namespace

Grads call_rule(GraphData& graph, std::uint32_t node, const GradContext& context) {
  const GraphView view(graph);
  const Op op = view.op(node);
  const std::size_t operands = context.in.size();
  Grads grads = op->grad(context);
  if (grads.size() != operands)
    throw GradientError("the rule of '" + std::string(op.name()) + "' returned " +
                        std::to_string(grads.size()) + " gradients for " +
                        std::to_string(operands) + " operands\n  " + place(view, node));
  for (std::size_t i = 0; i < operands; ++i) {
    if (!context.wanted(i)) grads[i] = zero;
    if (const auto* failure = grads[i].failure())
      throw GradientError("'" + std::string(op.name()) + "' is not differentiable in operand " +
                          std::to_string(i) + ", '" + context.in[i].name() + "': " + failure->why +
                          "\n  " + place(view, node));
    if (const Value* const value = grads[i].value())
      grads[i] = checked_gradient(graph, node, i, *value);
  }
  return grads;
}

}  // namespace dagrad::detail
