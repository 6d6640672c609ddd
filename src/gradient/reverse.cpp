#include "src/gradient/reverse.hpp"

#include "dagrad/ops/structural.hpp"
#include "src/gradient/call_rule.hpp"
#include "src/graph/data.hpp"
#include "src/graph/room.hpp"

namespace dagrad::detail {

void Reverse::seed(std::size_t i, const Seeded& y) {
  const MadeAs provenance = in_gradient_of(y.y.node_id());
  cotangents_.add(paths_.y_slot(i), y.seed.empty() ? ones_like(y.y) : y.seed);
}

void Reverse::run() {
  for (std::size_t i = paths_.nodes().size(); i-- > 0;) {
    bool reached = false;
    for (std::uint32_t slot = paths_.first_slot(i); slot < paths_.first_slot(i + 1); ++slot)
      reached = reached || cotangents_.has(slot);
    if (paths_.on_path(i) && reached) differentiate(i);
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
    douts_.push_back(cotangents_.total(paths_.first_slot(number) + port));
  }
  for (std::size_t i = 0; i < view_.operands(node).size(); ++i) {
    const Edge edge = view_.operands(node)[i];
    in_.push_back(view_.value(edge.node, edge.port));
    wanted_.push_back(paths_.target(number, i) != Paths::none && is_float(view_.type(edge).dtype));
  }
  const Grads grads = call_rule(graph_, node, GradContext(in_, outs_, douts_, wanted_));
  for (std::size_t i = 0; i < grads.size(); ++i)
    if (const Value* const value = grads[i].value())
      cotangents_.add(paths_.target(number, i), *value);
}

Gradient Reverse::total(std::size_t i) {
  return paths_.x_slot(i) == Paths::none ? Gradient(zero) : cotangents_.total(paths_.x_slot(i));
}

Value Reverse::result(std::size_t i, const Value& x) {
  const MadeAs provenance = in_gradient_of(x.node_id());
  const Gradient sum = total(i);
  return sum.value() ? *sum.value() : zeros_like(x);
}

void Reverse::note_cotangents(std::span<const Seeded> ys, std::span<const Value> xs) {
  std::vector<bool> asked(paths_.slots());
  for (std::size_t i = 0; i < xs.size(); ++i)
    if (paths_.x_slot(i) != Paths::none) asked[paths_.x_slot(i)] = true;
  make_room(graph_.differentiations, 1);
  make_room(graph_.cotangents, paths_.slots());
  // From here on nothing can fail.
  const auto call = static_cast<std::uint32_t>(graph_.differentiations.size());
  for (std::size_t number = 0; number < paths_.nodes().size(); ++number)
    for (std::uint32_t slot = paths_.first_slot(number); slot < paths_.first_slot(number + 1);
         ++slot)
      if (const std::optional<Edge> sum = cotangents_.only(slot)) {
        const Edge x(paths_.nodes()[number], slot - paths_.first_slot(number), false);
        graph_.cotangents.push_back({*sum, x, call, asked[slot]});
      }
  const Edge y(ys.front().y.node_id(), ys.front().y.port(), false);
  graph_.differentiations.push_back({y, ys.size() > 1 || !ys.front().seed.empty()});
}

}  // namespace dagrad::detail
