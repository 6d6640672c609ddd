#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "src/graph/rewriting.hpp"
#include "src/passes/changes.hpp"
#include "src/passes/node_uses.hpp"

namespace dagrad::detail {

/// The new value of a result of an old node, which must have been made already.
inline Value new_value(const Rewriting& rewriting, std::uint32_t node, std::uint32_t port) {
  return rewriting.mapping()(Access::value(rewriting.from().share(), node, port));
}

/// Copies a graph, but replaces some nodes of one result; empty if there are none. Of the nodes
/// with an op for which `is_for(op)` and `may_pay(graph, node)` hold, `find(graph, uses, node)`
/// returns what replaces them, if anything does, and `append(rewriting, found, node)` appends that
/// and returns its value. What it found may have `joined` nodes, which become a part of the new
/// node `joint`. The uses of nodes are not counted before the first node that may pay.
template <class IsFor, class MayPay, class Find, class Append>
Change replace_nodes(const Graph& graph, std::span<const Value> values, std::string_view name,
                     IsFor is_for, MayPay may_pay, Find find, Append append) {
  using Found = std::invoke_result_t<Find, const GraphData&, const NodeUses&, std::uint32_t>;
  const GraphData& from = Access::data(graph);
  for (const Value& value : values) check_owner(from, value, name);
  std::vector<bool> has_op;  // by op
  for (const GraphData::InternedOp& known : from.ops) has_op.push_back(is_for(known.op));
  if (std::ranges::find(has_op, true) == has_op.end()) return {};
  const std::vector<std::uint32_t> nodes = needed(from, values, {}, name);
  std::optional<NodeUses> uses;
  std::unordered_map<std::uint32_t, typename Found::value_type> found;
  for (const std::uint32_t node : nodes) {
    if (!has_op[from.records[node].op] || !may_pay(from, node)) continue;
    if (!uses) uses.emplace(from, nodes, values);
    if (Found instead = find(from, *uses, node)) found.emplace(node, *std::move(instead));
  }
  if (found.empty()) return {};
  Rewriting rewriting(from, name, Retypes::none);
  for (const std::uint32_t node : nodes)
    rewriting.make_for(node, [&] {
      const auto at = found.find(node);
      if (at == found.end()) return rewriting.copy(node);
      const Value result = append(rewriting, at->second, node);
      rewriting.replace(node, {&result, 1});
    });
  if constexpr (requires(typename Found::value_type instead) { instead.joined; })
    for (const auto& entry : found)
      for (const std::uint32_t part : entry.second.joined)
        rewriting.make_for(part, [&] { rewriting.join(part, entry.second.joint, {}); });
  return std::move(rewriting).finish();
}

}  // namespace dagrad::detail
