#include "src/gradient/paths.hpp"

#include <algorithm>
#include <unordered_set>

namespace dagrad::detail {

Paths::Paths(GraphData& graph, std::span<const Seeded> ys, std::span<const Value> xs)
    : graph_(graph), numbers_(graph) {
  for (const Value& x : xs) oldest_ = std::min(oldest_, x.node_id());
  const std::vector<std::uint32_t> apart = collect(ys, xs);
  first_slot_.reserve(nodes().size() + 1);
  first_slot_.push_back(0);
  for (const std::uint32_t node : nodes()) {
    operands_ += graph_.operands(node).size();
    first_slot_.push_back(first_slot_.back() +
                          static_cast<std::uint32_t>(graph_.results(node).size()));
  }

  const auto slot = [&](const Value& value) {
    return first_slot_[numbers_.of(value.node_id())] + value.port();
  };
  Marks marks{std::vector<bool>(nodes().size()), std::vector<bool>(slots()),
              std::vector<bool>(slots())};
  for (const std::uint32_t node : apart) marks.apart[numbers_.of(node)] = true;
  for (const Value& x : xs) marks.is_x[slot(x)] = true;
  for (const Seeded& y : ys) {
    y_slots_.push_back(slot(y.y));
    marks.reached[y_slots_.back()] = true;
  }
  find_targets(marks);
  for (const Value& x : xs) x_slots_.push_back(marks.reached[slot(x)] ? slot(x) : none);

  for (const Seeded& y : ys) order_ = std::max(order_, graph_.gradient_order(y.y.node_id()));
  for (std::size_t i = 0; i < nodes().size(); ++i)
    if (on_path_[i]) order_ = std::max(order_, graph_.gradient_order(nodes()[i]));
}

/// Numbers the ys, the nodes that lead to them and are no older than the oldest x, and the xs. Does
/// not walk into leaves. Returns the xs that the walk did not reach.
std::vector<std::uint32_t> Paths::collect(std::span<const Seeded> ys, std::span<const Value> xs) {
  for (const Seeded& y : ys) numbers_.add(y.y.node_id());
  for (std::size_t i = 0; i < numbers_.nodes().size(); ++i) {
    const std::uint32_t node = numbers_.nodes()[i];
    if (graph_.op(node).traits().cut > 0 && node >= oldest_) check_captured(node, xs);
    const auto operands = graph_.operands(node);
    for (std::size_t k = 0; k < operands.size(); ++k)
      if (operands[k].node >= oldest_ && open(node, k) &&
          !graph_.operands(operands[k].node).empty())
        numbers_.add(operands[k].node);
  }
  std::vector<std::uint32_t> apart;
  for (const Value& x : xs)
    if (numbers_.add(x.node_id())) apart.push_back(x.node_id());
  numbers_.sort();
  return apart;
}

void Paths::find_targets(Marks& marks) {
  on_path_.resize(nodes().size());
  first_target_.reserve(nodes().size());
  targets_.reserve(operands_);
  for (std::size_t i = 0; i < nodes().size(); ++i) {
    first_target_.push_back(static_cast<std::uint32_t>(targets_.size()));
    const auto operands = graph_.operands(nodes()[i]);
    for (std::size_t k = 0; k < operands.size(); ++k) {
      targets_.push_back(none);
      if (marks.apart[i] || !open(nodes()[i], k) || !numbers_.has(operands[k].node)) continue;
      const std::uint32_t from = numbers_.of(operands[k].node);
      const std::uint32_t slot = first_slot_[from] + operands[k].port;
      if (!on_path_[from] && !marks.is_x[slot]) continue;
      targets_.back() = slot;
      marks.reached[slot] = on_path_[i] = true;
    }
  }
}

bool Paths::connected(std::size_t i) const {
  const auto end = std::upper_bound(first_slot_.begin(), first_slot_.end(), y_slots_[i]);
  const auto number = static_cast<std::size_t>(end - first_slot_.begin()) - 1;
  return on_path_[number] || std::ranges::find(x_slots_, y_slots_[i]) != x_slots_.end();
}

bool Paths::open(std::uint32_t node, std::size_t operand) const {
  return !graph_.operands(node)[operand].type_only && operand >= graph_.op(node).traits().cut;
}

void Paths::check_captured(std::uint32_t node, std::span<const Value> xs) const {
  const auto operands = graph_.operands(node);
  const std::size_t cut = graph_.op(node).traits().cut;
  const auto key = [](const Edge& e) { return std::uint64_t{e.node} << 32 | e.port; };
  std::unordered_set<std::uint64_t> seen;  // the walk ends at operands that get gradients
  for (std::size_t i = cut; i < operands.size(); ++i) seen.insert(key(operands[i]));
  std::vector<std::uint32_t> open_nodes;
  const auto visit = [&](const Edge& edge) {
    if (edge.type_only || edge.node < oldest_ || !seen.insert(key(edge)).second) return;
    for (const Value& x : xs)
      if (x.node_id() == edge.node && x.port() == edge.port)
        throw GradientError("'" + x.name() + "' is captured by '" +
                            std::string(graph_.op(node).name()) +
                            "', whose rule returns gradients of its inputs only: make '" +
                            x.name() + "' one of them\n  " + place(graph_, node));
    open_nodes.push_back(edge.node);
  };
  for (std::size_t i = 0; i < cut; ++i) visit(operands[i]);
  while (!open_nodes.empty()) {
    const std::uint32_t from = open_nodes.back();
    open_nodes.pop_back();
    for (const Edge& edge : graph_.operands(from)) visit(edge);
  }
}

}  // namespace dagrad::detail
