#include "src/gradient/reverse.hpp"

#include <algorithm>

#include "dagrad/ops/structural.hpp"

namespace dagrad::detail {

void Reverse::seed(const Seeded& y) {
  const ForwardNode provenance(graph_, y.y.node_id());
  arrive(paths_.slot(y.y), y.seed.empty() ? ones_like(y.y) : y.seed);
}

void Reverse::arrive(std::uint32_t slot, const Value& cotangent) {
  contributions_.push_back({cotangent.node_id(), cotangent.port(), newest_[slot]});
  newest_[slot] = static_cast<std::uint32_t>(contributions_.size() - 1);
}

Gradient Reverse::total(std::uint32_t slot) {
  if (newest_[slot] == nothing) return zero;
  const Contribution newest = contributions_[newest_[slot]];
  if (newest.next == nothing) return view_.value(newest.node, newest.port);
  std::vector<Value> values;
  for (std::uint32_t at = newest_[slot]; at != nothing; at = contributions_[at].next)
    values.push_back(view_.value(contributions_[at].node, contributions_[at].port));
  std::reverse(values.begin(), values.end());
  const Value sum = add_n(values);
  newest_[slot] = nothing;
  arrive(slot, sum);
  return sum;
}

void Reverse::run() {
  for (std::uint32_t node = paths_.end_node(); node-- > paths_.first_node();) {
    const auto arrived =
        std::span(newest_).subspan(paths_.slot(node, 0), view_.results(node).size());
    if (paths_.on_path(node) &&
        std::any_of(arrived.begin(), arrived.end(), [](auto at) { return at != nothing; }))
      differentiate(node);
  }
}

void Reverse::differentiate(std::uint32_t node) {
  const ForwardNode provenance(graph_, node);
  in_.clear();
  outs_.clear();
  douts_.clear();
  wanted_.clear();
  for (std::uint32_t port = 0; port < view_.results(node).size(); ++port) {
    outs_.push_back(view_.value(node, port));
    douts_.push_back(total(paths_.slot(node, port)));
  }
  const std::size_t operands = view_.operands(node).size();
  for (std::size_t i = 0; i < operands;
       ++i) {  // by index: rules append, and so move what views show
    const Edge edge = view_.operands(node)[i];
    in_.push_back(view_.value(edge.node, edge.port));
    wanted_.push_back(paths_.wanted(node, i) && is_float(view_.type(edge).dtype));
  }
  const Op op = view_.op(node);
  const Grads grads = op->grad(GradContext(in_, outs_, douts_, wanted_));
  if (grads.size() != operands)
    throw GradientError("the rule of '" + std::string(op.name()) + "' returned " +
                        std::to_string(grads.size()) + " gradients for " +
                        std::to_string(operands) + " operands\n  " + place(view_, node));
  for (std::size_t i = 0; i < operands; ++i) {
    if (!wanted_[i] || grads[i].is_zero()) continue;
    if (const auto* failure = grads[i].failure())
      throw GradientError("'" + std::string(op.name()) + "' is not differentiable in operand " +
                          std::to_string(i) + ", '" + in_[i].name() + "': " + failure->why +
                          "\n  " + place(view_, node));
    arrive(paths_.slot(in_[i]), checked(node, i, *grads[i].value()));
  }
}

Value Reverse::checked(std::uint32_t node, std::size_t operand, const Value& gradient) const {
  const Edge edge = view_.operands(node)[operand];
  const Type want = view_.type(edge), got = gradient.type();
  if (&gradient.data() == &graph_ && got == want) return gradient;
  const Op& op = view_.op(node);
  if (&gradient.data() == &graph_ && got.dtype == want.dtype && op.traits().broadcasts)
    return sum_to_like(gradient, view_.value(edge.node, edge.port));
  throw GradientError("the rule of '" + std::string(op.name()) + "' returned " + to_string(got) +
                      " for operand " + std::to_string(operand) + ", which is " + to_string(want) +
                      "\n  " + place(view_, node));
}

Value Reverse::result(const Value& x) {
  const ForwardNode provenance(graph_, x.node_id());
  const Gradient sum = x.node_id() < paths_.end_node() ? total(paths_.slot(x)) : Gradient(zero);
  return sum.value() ? *sum.value() : zeros_like(x);
}

}  // namespace dagrad::detail
