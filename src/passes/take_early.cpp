#include "dagrad/passes/take.hpp"

#include <optional>
#include <utility>

#include "src/passes/changes.hpp"
#include "src/passes/replaced_nodes.hpp"
#include "src/passes/taken_nodes.hpp"

namespace dagrad {

detail::Change detail::take_elements_early(const Graph& graph, std::span<const Value> values,
                                           Runtime* runtime) {
  const auto find = [&](const GraphData& from, const NodeUses& uses, std::uint32_t node) {
    TakenNodes taken(from, uses, node, runtime);
    return taken.pay() ? std::optional(std::move(taken)) : std::nullopt;
  };
  const auto append = [](Rewriting& rewriting, const TakenNodes& taken, std::uint32_t) {
    return taken.append(rewriting);
  };
  return replace_nodes(graph, values, "take_early", TakenNodes::is_for, TakenNodes::may_pay, find,
                       append);
}

PassResult take_early(const Graph& graph, std::span<const Value> values, Runtime* runtime) {
  return detail::or_copy(detail::take_elements_early(graph, values, runtime), graph, values);
}

}  // namespace dagrad
