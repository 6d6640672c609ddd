#include "src/gradient/forward.hpp"

#include <algorithm>
#include <string>

#include "dagrad/ops/structural.hpp"
#include "src/gradient/call_rule.hpp"
#include "src/gradient/reverse.hpp"

namespace dagrad::detail {

Forward::Forward(GraphData& graph, const Paths& paths, std::span<const Seeded> ys)
    : graph_(graph),
      view_(graph),
      paths_(paths),
      tangents_(graph, paths.slots()),
      live_(paths.slots()) {
  for (std::size_t i = 0; i < ys.size(); ++i) live_[paths.y_slot(i)] = true;
  for (std::size_t number = paths.nodes().size(); number-- > 0;) {
    if (!paths.on_path(number) || !any_live(number)) continue;
    const std::size_t operands = view_.operands(paths.nodes()[number]).size();
    for (std::size_t i = 0; i < operands; ++i)
      if (const std::uint32_t slot = paths.target(number, i); slot != Paths::none)
        live_[slot] = true;
  }
}

bool Forward::any_live(std::size_t number) const {
  const auto begin = live_.begin();
  return std::any_of(begin + paths_.first_slot(number), begin + paths_.first_slot(number + 1),
                     [](bool live) { return live; });
}

void Forward::start(std::size_t i, const Value& tangent) {
  if (paths_.x_slot(i) != Paths::none) tangents_.add(paths_.x_slot(i), tangent);
}

void Forward::run() {
  for (std::size_t number = 0; number < paths_.nodes().size(); ++number)
    if (paths_.on_path(number) && any_live(number)) differentiate(number);
}

void Forward::differentiate(std::size_t number) {
  const std::uint32_t node = paths_.nodes()[number];
  const MadeAs provenance = in_gradient_of(node);
  in_.clear();
  outs_.clear();
  dins_.clear();
  bool any = false;
  for (std::size_t i = 0; i < view_.operands(node).size(); ++i) {
    const Edge edge = view_.operands(node)[i];
    in_.push_back(view_.value(edge.node, edge.port));
    const std::uint32_t slot = paths_.target(number, i);
    const bool moves = slot != Paths::none && is_float(view_.type(edge).dtype);
    dins_.push_back(moves ? tangents_.total(slot) : Gradient(zero));
    any = any || !dins_.back().is_zero();
  }
  if (!any) return;
  const std::uint32_t first = paths_.first_slot(number), end = paths_.first_slot(number + 1);
  for (std::uint32_t port = 0; port < end - first; ++port) outs_.push_back(view_.value(node, port));
  const Op op = view_.op(node);
  Grads tangents = op->jvp(JvpContext{in_, outs_, dins_});
  if (tangents.empty() && !outs_.empty()) tangents = transposed(number);
  if (tangents.size() != outs_.size())
    throw GradientError("the jvp of '" + std::string(op.name()) + "' returned " +
                        std::to_string(tangents.size()) + " tangents for " +
                        std::to_string(outs_.size()) + " results\n  " + place(view_, node));
  for (std::uint32_t port = 0; port < end - first; ++port) {
    if (!live_[first + port]) continue;
    if (const auto* failure = tangents[port].failure())
      throw GradientError("'" + std::string(op.name()) +
                          "' is not differentiable: " + failure->why + "\n  " + place(view_, node));
    if (const Value* const tangent = tangents[port].value())
      tangents_.add(first + port, checked(outs_[port], *tangent));
  }
}

/// The transposed gradient rule of a node, applied to the tangents of its operands.
Grads Forward::transposed(std::size_t number) {
  const std::uint32_t node = paths_.nodes()[number];
  std::vector<Gradient> douts;
  std::vector<Value> cotangents;
  for (std::uint32_t port = 0; port < outs_.size(); ++port) {
    const bool wanted = live_[paths_.first_slot(number) + port] && is_float(outs_[port].dtype());
    douts.push_back(wanted ? Gradient(zeros_like(outs_[port])) : Gradient(zero));
    if (wanted) cotangents.push_back(*douts.back().value());
  }
  std::vector<bool> wanted;
  for (const Gradient& din : dins_) wanted.push_back(!din.is_zero());
  const Grads grads = call_rule(graph_, node, GradContext(in_, outs_, douts, wanted));
  std::vector<Seeded> seeded;
  for (std::size_t i = 0; i < grads.size(); ++i)
    if (const Value* const grad = grads[i].value()) seeded.push_back({*grad, *dins_[i].value()});
  Grads tangents(outs_.size(), Gradient(zero));
  if (seeded.empty() || cotangents.empty()) return tangents;

  const Paths paths(graph_, seeded, cotangents);
  Reverse reverse(graph_, paths, paths_.order() + 1, node);
  for (std::size_t i = 0; i < seeded.size(); ++i) reverse.seed(i, seeded[i]);
  reverse.run();
  for (std::size_t port = 0, i = 0; port < outs_.size(); ++port)
    if (!douts[port].is_zero()) tangents[port] = reverse.total(i++);
  return tangents;
}

/// The tangent of a result, repeated to its shape if the op broadcasts. As in the gradient, this is
/// left out only if the shapes are equal in every replay.
Value Forward::checked(const Value& out, const Value& tangent) const {
  const Edge edge{out.node_id(), out.port(), false};
  const Type want = out.type(), got = tangent.type();
  const Op& op = view_.op(out.node_id());
  const bool fits = &Access::data(tangent) == &graph_ && got.dtype == want.dtype;
  if (fits && got.shape == want.shape &&
      (!op.traits().broadcasts ||
       view_.same_extent({tangent.node_id(), tangent.port(), false}, edge)))
    return tangent;
  if (fits && op.traits().broadcasts && broadcasts_to(got.shape, want.shape))
    return broadcast_like(tangent, out);
  throw GradientError("the jvp of '" + std::string(op.name()) + "' returned " + to_string(got) +
                      " for a result, which is " + to_string(want) + "\n  " +
                      place(view_, out.node_id()));
}

Value Forward::result(std::size_t i, const Value& y) {
  const MadeAs provenance = in_gradient_of(y.node_id());
  const Gradient sum = tangents_.total(paths_.y_slot(i));
  return sum.value() ? *sum.value() : zeros_like(y);
}

}  // namespace dagrad::detail
