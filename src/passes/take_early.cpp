#include "dagrad/passes/take.hpp"

#include <optional>
#include <unordered_map>
#include <vector>

#include "src/graph/rewriting.hpp"
#include "src/passes/changes.hpp"
#include "src/passes/taken_nodes.hpp"

namespace dagrad {

detail::Change detail::take_elements_early(const Graph& graph, std::span<const Value> values,
                                           Runtime* runtime) {
  const GraphData& from = Access::data(graph);
  const std::vector<std::uint32_t> nodes = needed(from, values, {}, "take_early");
  std::optional<NodeUses> uses;
  std::unordered_map<std::uint32_t, TakenNodes> taken;
  for (const std::uint32_t node : nodes) {
    if (!TakenNodes::may_pay(from, node)) continue;
    if (!uses) uses.emplace(from, nodes, values);
    TakenNodes of_node(from, *uses, node, runtime);
    if (of_node.pay()) taken.emplace(node, std::move(of_node));
  }
  if (taken.empty()) return {};
  Rewriting rewriting(from, "take_early", Retypes::none);
  for (const std::uint32_t node : nodes)
    rewriting.make_for(node, [&] {
      const auto at = taken.find(node);
      if (at == taken.end()) return rewriting.copy(node);
      const Value elements = at->second.append(rewriting);
      rewriting.replace(node, {&elements, 1});
    });
  return std::move(rewriting).finish();
}

PassResult take_early(const Graph& graph, std::span<const Value> values, Runtime* runtime) {
  return detail::or_copy(detail::take_elements_early(graph, values, runtime), graph, values);
}

}  // namespace dagrad
