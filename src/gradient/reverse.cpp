#include "src/gradient/reverse.hpp"

#include <algorithm>

#include "dagrad/ops/structural.hpp"
#include "src/graph/data.hpp"

namespace dagrad::detail {

void Reverse::seed(std::size_t i, const Seeded& y) {
  const MadeAs provenance = in_gradient_of(y.y.node_id());
  arrive(paths_.y_slot(i), y.seed.empty() ? ones_like(y.y) : y.seed);
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
  for (std::size_t i = paths_.nodes().size(); i-- > 0;) {
    const std::size_t first = paths_.first_slot(i), end = paths_.first_slot(i + 1);
    if (paths_.on_path(i) && std::any_of(newest_.begin() + static_cast<std::ptrdiff_t>(first),
                                         newest_.begin() + static_cast<std::ptrdiff_t>(end),
                                         [](std::uint32_t at) { return at != nothing; }))
      differentiate(i);
  }
}

void Reverse::differentiate(std::size_t number) {
  const std::uint32_t node = paths_.nodes()[number];
  const MadeAs provenance = in_gradient_of(node);
  in_.clear();
  outs_.clear();
  douts_.clear();
  wanted_.clear();
  for (std::uint32_t port = 0; port < view_.results(node).size(); ++port) {
    outs_.push_back(view_.value(node, port));
    douts_.push_back(total(paths_.first_slot(number) + port));
  }
  const std::size_t operands = view_.operands(node).size();
  for (std::size_t i = 0; i < operands;
       ++i) {  // by index, because rules append and so invalidate spans
    const Edge edge = view_.operands(node)[i];
    in_.push_back(view_.value(edge.node, edge.port));
    wanted_.push_back(paths_.target(number, i) != nothing && is_float(view_.type(edge).dtype));
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
    arrive(paths_.target(number, i), checked(node, i, *grads[i].value()));
  }
}

/// The gradient that a rule returned for an operand, summed to its shape if the op broadcasts.
/// Shapes that are equal now may differ in a replay, so the sum is left out only if they must be
/// equal.
Value Reverse::checked(std::uint32_t node, std::size_t operand, const Value& gradient) const {
  const Edge edge = view_.operands(node)[operand];
  const Type want = view_.type(edge), got = gradient.type();
  const Op& op = view_.op(node);
  const bool fits = &Access::data(gradient) == &graph_ && got.dtype == want.dtype;
  const auto sure = [&] {
    return got.shape == want.shape &&
           (view_.same_extent({node, 0, false}, edge) ||
            view_.same_extent({gradient.node_id(), gradient.port(), false}, edge));
  };
  if (fits && op.traits().broadcasts && !sure())
    return sum_to_like(gradient, view_.value(edge.node, edge.port));
  if (fits && got.shape == want.shape) return gradient;
  throw GradientError("the rule of '" + std::string(op.name()) + "' returned " + to_string(got) +
                      " for operand " + std::to_string(operand) + ", which is " + to_string(want) +
                      "\n  " + place(view_, node));
}

Value Reverse::result(std::size_t i, const Value& x) {
  const MadeAs provenance = in_gradient_of(x.node_id());
  const Gradient sum = paths_.x_slot(i) == nothing ? Gradient(zero) : total(paths_.x_slot(i));
  return sum.value() ? *sum.value() : zeros_like(x);
}

void Reverse::note_cotangents(std::span<const Seeded> ys, std::span<const Value> xs) {
  std::vector<bool> asked(paths_.slots());
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (paths_.x_slot(i) != nothing) asked[paths_.x_slot(i)] = true;
  std::vector<Cotangent> found;
  const Edge y(ys.front().y.node_id(), ys.front().y.port(), false);
  const bool seeded = ys.size() > 1 || !ys.front().seed.empty();
  for (std::size_t number = 0; number < paths_.nodes().size(); ++number)
    for (std::uint32_t slot = paths_.first_slot(number); slot < paths_.first_slot(number + 1);
         ++slot) {
      if (newest_[slot] == nothing) continue;
      const Contribution& total = contributions_[newest_[slot]];
      const Edge x(paths_.nodes()[number], slot - paths_.first_slot(number), false);
      if (total.next == nothing)
        found.push_back({{total.node, total.port, false}, y, x, asked[slot], seeded});
    }
  graph_.cotangents.insert(graph_.cotangents.end(), found.begin(), found.end());
}

}  // namespace dagrad::detail
