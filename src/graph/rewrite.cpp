#include "dagrad/rewrite.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "src/graph/rewriting.hpp"

namespace dagrad {

namespace detail {

void check_owner(const GraphData& graph, const Value& value, std::string_view what) {
  if (&Access::data(value) != &graph)
    throw GraphError(std::string(what) + ": the value '" + value.name() +
                     "' belongs to another graph");
}

std::vector<std::uint32_t> needed(const GraphData& graph, std::span<const Value> outputs,
                                  std::span<const Value> cut, std::string_view what) {
  const auto key = [](std::uint64_t node, std::uint32_t port) { return node << 32 | port; };
  std::unordered_set<std::uint64_t> is_cut;
  for (const Value& value : cut) {
    check_owner(graph, value, what);
    is_cut.insert(key(value.node_id(), value.port()));
  }
  std::uint32_t end = 0;
  for (const Value& value : outputs) {
    check_owner(graph, value, what);
    end = std::max(end, value.node_id() + 1);
  }
  std::vector<std::uint8_t> is_needed(end);
  std::uint32_t all = 0, open = 0;  // needed nodes, and those that are not yet visited
  // Without branches, since whether a node is already marked is hard to predict.
  const auto need = [&](std::uint32_t node, std::uint32_t port) {
    if (!is_cut.empty() && is_cut.contains(key(node, port))) return;
    const std::uint32_t more = is_needed[node] ^ 1U;
    is_needed[node] = 1;
    all += more;
    open += more;
  };
  for (const Value& value : outputs) need(value.node_id(), value.port());
  std::uint32_t first = end;
  while (open > 0) {
    if (is_needed[--first] == 0) continue;
    --open;
    for (const Edge& edge : graph.operands_of(first)) need(edge.node, edge.port);
  }
  std::vector<std::uint32_t> nodes(all + 1);  // the last place takes what comes after all nodes
  std::size_t at = 0;
  for (std::uint32_t id = first; id < end; ++id) {
    nodes[at] = id;
    at += is_needed[id];
  }
  nodes.pop_back();
  return nodes;
}

namespace {

void copy(Rewriting& rewriting, std::uint32_t id) {
  rewriting.make_for(id, [&] { rewriting.copy(id); });
}

Rewritten extract(const GraphData& from, std::span<const Value> outputs,
                  std::span<const Value> cut) {
  const std::vector<std::uint32_t> nodes = needed(from, outputs, cut, "extract");
  Rewriting rewriting(from, "extract", Retypes::none);
  for (const Value& value : cut) rewriting.cut(value);
  for (const std::uint32_t id : nodes) copy(rewriting, id);
  return std::move(rewriting).finish();
}

}  // namespace

Rewritten replay(const GraphData& from, std::span<const Retyped> types, std::string_view name) {
  const std::string begin = std::string(name) + ": '";
  std::unordered_map<std::uint32_t, Type> asked;
  for (const Retyped& retyped : types) {
    check_owner(from, retyped.leaf, name);
    if (retyped.leaf.node().kind() == NodeKind::op)
      throw GraphError(begin + retyped.leaf.name() +
                       "' is computed; only inputs, parameters and constants can be given a type");
    if (!asked.emplace(retyped.leaf.node_id(), retyped.type).second)
      throw ArgumentError(begin + retyped.leaf.name() + "' is given two types");
  }
  Rewriting rewriting(from, name, Retypes::sizes);
  for (std::uint32_t id = 0; id < from.size(); ++id)
    rewriting.make_for(id, [&] {
      const auto at = asked.find(id);
      at == asked.end() ? rewriting.copy(id) : rewriting.copy_leaf(id, at->second);
    });
  return std::move(rewriting).finish();
}

}  // namespace detail

Rewritten clone(const Graph& graph) {
  detail::Rewriting rewriting(detail::Access::data(graph), "clone", detail::Retypes::none);
  for (std::uint32_t id = 0; id < graph.size(); ++id) detail::copy(rewriting, id);
  return std::move(rewriting).finish();
}

Rewritten extract(const Graph& graph, std::span<const Value> outputs, std::span<const Value> cut) {
  return detail::extract(detail::Access::data(graph), outputs, cut);
}
Rewritten extract(std::span<const Value> outputs, std::span<const Value> cut) {
  if (outputs.empty()) throw ArgumentError("extract: at least one output must be given");
  return detail::extract(detail::Access::data(outputs.front()), outputs, cut);
}

Rewritten replay(const Graph& graph, std::span<const Retyped> types) {
  return detail::replay(detail::Access::data(graph), types, "replay");
}

Rewritten replace(const Graph& graph, std::span<const Replacement> replacements) {
  const detail::GraphData& from = detail::Access::data(graph);
  detail::Rewriting rewriting(from, "replace", detail::Retypes::none);
  for (const Replacement& r : replacements) {
    detail::check_owner(from, r.from, "replace");
    detail::check_owner(from, r.to, "replace");
    if (r.from.type() != r.to.type())
      throw TypeError("replace: '" + r.from.name() + "' is " + to_string(r.from.type()) + ", '" +
                      r.to.name() + "' is " + to_string(r.to.type()));
    rewriting.redirect(r.from, r.to);
  }
  // A replacement may be newer than the nodes that now use it, so nodes wait for their operands on
  // an explicit stack.
  std::vector<std::uint32_t> open;
  std::vector<bool> entered(from.size());
  for (std::uint32_t root = 0; root < from.size(); ++root) {
    open.push_back(root);
    while (!open.empty()) {
      const std::uint32_t id = open.back();
      if (rewriting.has(id)) {
        open.pop_back();
        continue;
      }
      const std::size_t waiting = open.size();
      for (const detail::Edge& edge : from.operands_of(id))
        if (const std::uint32_t operand = rewriting.source(edge); !rewriting.has(operand))
          open.push_back(operand);
      if (open.size() == waiting) {
        detail::copy(rewriting, id);
        continue;
      }
      if (entered[id])
        throw GraphError("replace: a replacement depends on what it replaces, through '" +
                         graph.node(id).name() + "'");
      entered[id] = true;
    }
  }
  return std::move(rewriting).finish();
}

}  // namespace dagrad
