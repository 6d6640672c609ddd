#include "src/train/forward_order.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_set>

#include "src/train/activation_shares.hpp"

namespace dagrad::detail {

namespace {

/// Calls `f` with each operand whose elements the node uses.
template <class F>
void each_operand(const Node& node, F&& f) {
  const std::vector<Value> operands = node.operands();
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (!node.type_only(i)) f(operands[i]);
}

std::vector<Node> needed_for(const Value& loss) {
  std::vector<Node> found{loss.node()};
  std::unordered_set<std::uint32_t> seen{loss.node_id()};
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Node node = found[i];  // a copy, since the vector grows
    each_operand(node, [&](const Value& operand) {
      if (seen.insert(operand.node_id()).second) found.push_back(operand.node());
    });
  }
  std::sort(found.begin(), found.end(),
            [](const Node& a, const Node& b) { return a.id() < b.id(); });
  return found;
}

/// The scope that the name lies in, or the name itself if it lies in none.
std::string layer_name(const Value& value) {
  const std::string name = value.name();
  return name.substr(0, name.rfind('/'));
}

}  // namespace

ForwardOrder::ForwardOrder(const Value& loss, ValueSpan values) : needed_(needed_for(loss)) {
  sort_values(values);
  find_activations(values);
}

void ForwardOrder::sort_values(ValueSpan values) {
  std::unordered_map<Value, std::uint32_t> first_use;
  for (const Value& value : values)
    if (value.node().kind() != NodeKind::parameter) first_use.emplace(value, value.node_id());
  for (const Node& node : needed_)
    each_operand(node, [&](const Value& operand) {
      if (operand.node().kind() == NodeKind::parameter) first_use.emplace(operand, node.id());
    });
  const auto use = [&](std::size_t i) {
    const auto at = first_use.find(values[i]);
    return at == first_use.end() ? UINT32_MAX : at->second;
  };
  order_.resize(values.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::size_t a, std::size_t b) { return use(a) < use(b); });

  layer_of_value_.resize(values.size());
  for (const std::size_t i : order_) {
    const std::string name = layer_name(values[i]);
    const auto at = std::find(layers_.begin(), layers_.end(), name);
    layer_of_value_[i] = static_cast<std::size_t>(at - layers_.begin());
    if (at == layers_.end()) layers_.push_back(name);
  }
}

void ForwardOrder::find_activations(ValueSpan values) {
  std::unordered_map<std::uint32_t, std::size_t> layer_of_node;  // 1 + layer
  for (std::size_t i = 0; i < values.size(); ++i)
    layer_of_node.emplace(values[i].node_id(), 1 + layer_of_value_[i]);
  for (const Node& node : needed_) {
    std::size_t latest = layer_of_node[node.id()];
    each_operand(node, [&](const Value& operand) {
      latest = std::max(latest, layer_of_node.at(operand.node_id()));
    });
    layer_of_node[node.id()] = latest;
    const std::string_view op = node.op().name();
    if (is_reported(op) && latest > 0 && node.gradient_order() == 0 && node.output().size() > 0)
      activations_.push_back({node.output(), std::string(op), latest - 1});
  }
}

}  // namespace dagrad::detail
